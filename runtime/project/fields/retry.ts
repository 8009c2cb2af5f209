import type { Backoff } from '#kit/backoff.ts';
import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import { shown } from '../check/describe.ts';
import { seconds } from '../explain/seconds.ts';
import { type ExplainedRoute, mapSchema, nestedField, type Parsed, parseMap, type RouteSite } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { numberOr, optional } from './values.ts';

const BACKOFF_PATTERN = `${DURATION_PATTERN.slice(0, -1)}\\.\\.${DURATION_PATTERN.slice(1)}`;

/** `retry` of a route. */
export const RETRY_FIELDS = {
  attempts: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: DEFAULTS.attempts,
      description: 'Tries before the dead letter, the first included.',
    },
    parse: (retry) => ({ attempts: numberOr(retry, 'attempts', DEFAULTS.attempts) }),
    doc: '`attempts`: tries before the dead letter, the first included; 5 unless said otherwise.',
  }),
  backoff: nestedField({
    schema: {
      type: 'string',
      pattern: BACKOFF_PATTERN,
      formatMaximum: '1d',
      default: DEFAULTS.backoff,
      description: 'First and longest wait between tries; doubles in between.',
    },
    parse: (retry) => ({ backoff: parseBackoff(optional(retry, 'backoff') ?? DEFAULTS.backoff) }),
    doc: '`backoff`: first and longest wait between tries, `100ms..10s` unless said otherwise. The wait doubles in between, so 5 tries end within 1.5 s.',
  }),
  network: nestedField({
    schema: {
      type: 'string',
      format: 'duration',
      pattern: DURATION_PATTERN,
      formatMaximum: '1d',
      default: DEFAULTS.networkRetry,
      description: 'How long tries go on at the least where a function does not reach something over the network.',
    },
    parse: (retry) => ({ networkMs: durationMs(optional(retry, 'network') ?? DEFAULTS.networkRetry) }),
    doc: '`network`: how long tries go on at the least where a function throws what looks like a failure of the network (`ECONNREFUSED`, `fetch failed`, a timeout; the code is `TRANSFORM_UNREACHABLE`); 1m unless said otherwise.',
  }),
} as const;

export type RetrySpec = Readonly<Parsed<typeof RETRY_FIELDS>>;

export const RETRY_SCHEMA = mapSchema(RETRY_FIELDS, {
  description: 'What happens to a message that fails. "The sink is down" never counts against a message.',
});

/** `100ms..10s` in milliseconds. */
function parseBackoff(written: string): Backoff {
  const [first = '', cap = ''] = written.split('..');
  return { firstMs: durationMs(first), capMs: durationMs(cap) };
}

export function parseRetry(route: PlainMap): { readonly retry: RetrySpec } {
  return { retry: parseMap(RETRY_FIELDS, asMap(own(route, 'retry')), {}) };
}

export function checkRetry({ at: routeAt, route, findings, written: reference }: RouteSite): void {
  const at = pointerTo(routeAt, 'retry', 'backoff');
  const written = own(asMap(own(route, 'retry')), 'backoff');
  if (typeof written !== 'string' || findings.isClaimed(at)) return;
  const { firstMs, capMs } = parseBackoff(written);
  if (firstMs <= capMs && firstMs > 0) return;
  findings.add({
    code: 'WRONG_VALUE',
    at,
    expected: 'a first wait above 0 and no longer than the longest',
    found: reference(at) ?? shown(written),
    write: 'backoff: 100ms..10s',
  });
}

/** The effect of a message that cannot pass. */
export function onBadMessage({ retry }: { readonly retry: RetrySpec }, { stages, letters }: ExplainedRoute): string {
  const { attempts, networkMs } = retry;
  const isNetwork = stages.some(({ kind }) => kind.runsCode === true) && networkMs > 0;
  const network = isNetwork
    ? ` (for ${seconds(networkMs)} at least where a function meets a failure of the network)`
    : '';
  return `${attempts} tries ${triesTake(retry)}${network}, then ${letters}; only its own key waits`;
}

/** Each wait lies between half of its length and all of it. */
function triesTake({ attempts, backoff: { firstMs, capMs } }: RetrySpec): string {
  if (attempts === 1) return 'and no more';
  let longestMs = 0;
  for (let wait = 0; wait < attempts - 1; wait += 1) longestMs += Math.min(capMs, firstMs * 2 ** wait);
  return `within ${seconds(longestMs / 2)} to ${seconds(longestMs)}`;
}
