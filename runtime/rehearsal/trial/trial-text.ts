import { harmless } from '#kit/printable.ts';
import type { BodyChange } from './body-diff.ts';
import type { OutageReport } from './outage-report.ts';
import type { Trial, TrialRoute } from './trial.ts';
import type { TrialMessage } from './trial-run.ts';

export type Paint = (style: 'red' | 'green' | 'dim' | 'bold' | 'yellow', text: string) => string;

/** A message: what each stage changed, and where it went. `from`: where it came from. */
export function messageText(message: TrialMessage, paint: Paint, from = `line ${message.line}`): string {
  const { route, address, key, label, stages, end, reason, sent } = message;
  const facts = [
    `${route}  ${address}`,
    ...(key === undefined ? [] : [`key ${key}`]),
    ...(label === undefined ? [] : [`label ${label}`]),
  ];
  const lines = [paint('bold', `${harmless(from)}  ${harmless(facts.join('  '))}`)];
  for (const { stage, attempt, tookMs, changes, note } of stages) {
    const again = attempt === 1 ? '' : `, attempt ${attempt}`;
    const what = note ?? (changes.length === 0 ? 'unchanged' : '');
    lines.push(`  ${harmless(stage)}  ${paint('dim', `${tookMs.toFixed(2)} ms${again}`)}  ${harmless(what)}`.trimEnd());
    for (const change of changes) lines.push(`    ${changeText(change, paint)}`);
  }
  for (const one of sent) {
    const headers = Object.entries(one.headers).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : value.join(',')}`,
    );
    const place = `-> ${one.address} at ${one.sink}${one.key === undefined ? '' : `, key ${one.key}`}`;
    const waited = one.afterMs === 0 ? '' : `, after ${inWords(one.afterMs)}`;
    lines.push(
      `  ${harmless(place)}${waited}${paint('dim', harmless(headers.map((header) => `  ${header}`).join('')))}`,
    );
  }
  if (sent.length === 0) lines.push(`  ${paint('yellow', harmless(reason === undefined ? end : `${end}: ${reason}`))}`);
  return `${lines.join('\n')}\n`;
}

function changeText({ sign, at, value }: BodyChange, paint: Paint): string {
  const text = harmless(
    `${sign} ${at === '' ? 'body' : at}: ${value.length > 400 ? `${value.slice(0, 400)}...` : value}`,
  );
  return paint(sign === '-' ? 'red' : 'green', text);
}

/** How the messages of each route ended, and what each outage did. */
export function summaryText({ routes, outages, tookMs }: Trial, paint: Paint): string {
  const read = routes.reduce((sum, route) => sum + route.read, 0);
  const lines = [paint('bold', `${read} ${read === 1 ? 'message' : 'messages'} in ${(tookMs / 1000).toFixed(1)} s`)];
  for (const route of routes) lines.push(...routeLines(route));
  for (const outage of outages) lines.push(...outageLines(outage, paint));
  return `${lines.join('\n')}\n`;
}

function routeLines({
  route,
  class: trafficClass,
  read,
  ends,
  lettersBy,
  droppedBy,
  stages,
}: TrialRoute): readonly string[] {
  const counts = Object.entries(ends).flatMap(([end, count]) => (count === 0 ? [] : [`${count} ${end}`]));
  const details = [...Object.entries(lettersBy), ...Object.entries(droppedBy)].filter(([, count]) => count > 0);
  const why = details.length === 0 ? '' : ` (${details.map(([name, count]) => `${name} ${count}`).join(', ')})`;
  return [
    `${route} (${trafficClass}): ${read} read, ${counts.join(', ') || 'none'}${why}`,
    ...stages.map(({ stage, runs, totalMs, mostMs }) => {
      return `  ${harmless(stage)}: ${runs} ${runs === 1 ? 'run' : 'runs'}, ${(totalMs / Math.max(1, runs)).toFixed(3)} ms each, ${mostMs.toFixed(1)} ms at most`;
    }),
  ];
}

function outageLines(report: OutageReport, paint: Paint): readonly string[] {
  const {
    connection,
    fromMs,
    untilMs,
    route,
    class: trafficClass,
    sent,
    kept,
    superseded,
    expired,
    deadLettered,
    repeated,
  } = report;
  const { order, recoveredMs, lateMs } = report;
  const late =
    recoveredMs === undefined || lateMs === undefined
      ? 'nothing came late'
      : `${order === 'none' ? '' : `${order}; `}the last came ${inWords(recoveredMs)} after it, ${inWords(lateMs.most)} late at most, half of them ${inWords(lateMs.median)} at most`;
  return [
    paint(
      'bold',
      `${connection} away from ${inWords(fromMs)} to ${inWords(untilMs)}: route ${route} (${trafficClass})`,
    ),
    `  ${sent} came meanwhile: ${kept} kept, ${superseded} superseded, ${expired} expired, ${deadLettered} dead letters, ${repeated} repeated`,
    `  ${late}`,
  ];
}

function inWords(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
