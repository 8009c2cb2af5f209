import { harmless } from '#kit/printable.ts';
import { count, moment, perSecond, time } from '../admin/page/words.ts';
import type { RouteStatus, Status } from '../admin/status/status.ts';
import { aligned } from './aligned.ts';

/** Errors that are shown; the page has more. */
const MOST_ERRORS = 5;

/** The status of a pipeline as one screen of text. */
export function statusLines(status: Status): readonly string[] {
  const { pipeline, state, isReady, at, parts, routes, errors, why } = status;
  const down = parts.filter(({ isUp }) => !isUp);
  return [
    `${pipeline}: ${state}, ${isReady ? 'ready' : 'not ready'}, as of ${moment(at)} UTC`,
    ...(state === 'degraded' ? why.map((one) => `  ${one}`) : []),
    '',
    ...aligned([HEADS, ...routes.map(row)]),
    ...(down.length === 0 ? [] : ['', 'not up:']),
    ...down.flatMap(({ name, why: cause, remedy, since, forSeconds }) => [
      `  ${name}: ${cause ?? 'not up'}`,
      `    since ${moment(since)} UTC, for ${time(forSeconds)}`,
      ...(remedy === undefined ? [] : [`    ${remedy}`]),
    ]),
    ...(errors.length === 0 ? [] : ['', 'last errors:']),
    ...errors
      .slice(0, MOST_ERRORS)
      .flatMap(({ at: last, code, event, route, count: many, text, remedy }) => [
        `  ${moment(last)} ${code ?? event}${route === undefined ? '' : ` ${route}`}${many > 1 ? `, ${count(many)} times` : ''}: ${text}`,
        ...(remedy === undefined ? [] : [`    ${remedy}`]),
      ]),
  ].map(harmless);
}

const HEADS = ['ROUTE', 'STATE', 'CLASS', 'IN', 'OUT', 'LAG', 'P50', 'P99', 'WINDOW', 'RETRIES', 'LETTERS'];

function row({ name, state, class: traffic, rates, source, latency, window, counts, deadLetters }: RouteStatus) {
  const { lagMessages, lagSeconds } = source;
  const lag = [
    ...(lagMessages === undefined ? [] : [count(lagMessages)]),
    ...(lagSeconds === undefined ? [] : [time(lagSeconds)]),
  ];
  return [
    name,
    state,
    traffic,
    perSecond(rates.accepted),
    perSecond(rates.delivered),
    lag.join('/') || '-',
    latency === undefined ? '-' : time(latency.p50Seconds),
    latency === undefined ? '-' : time(latency.p99Seconds),
    window === undefined ? '-' : `${count(window.messages)}/${count(window.messageLimit)}`,
    counts === undefined ? '-' : count(counts.retries),
    deadLetters === undefined ? '-' : count(deadLetters.stored),
  ];
}
