import type { ReplayCounts } from './replay-counts.ts';

/** How a replay ended. */
export interface ReplayReport {
  readonly pipeline: string;
  readonly route: string;
  readonly id: string;
  readonly folder: string;
  readonly from: string;
  readonly to: string;
  readonly isResumed: boolean;
  readonly isFinished: boolean;
  /** Messages of the range that the log has, at most, and those that it has lost, at most. */
  readonly range: { readonly messages: number; readonly gone: number };
  readonly counts: ReplayCounts;
  /** The command that goes on, where it has not finished. */
  readonly resume: string | undefined;
  /** The command that lists its dead letters, where there are any. */
  readonly deadLetters: string | undefined;
  /** Why it has not finished. */
  readonly why: string | undefined;
}

export function momentText(ms: number): string {
  return new Date(ms).toISOString();
}

/** Lines for a person. */
export function reportText({ counts, range, route, isFinished, isResumed, ...report }: ReplayReport): string {
  const head = `${isFinished ? 'Replayed' : 'Stopped'}: ${counts.read} messages of route ${route} read${isResumed ? ' by this start' : ''}, from ${report.from} to ${report.to}.`;
  const rows = [
    ['delivered', counts.delivered, held(counts)],
    ['dropped', counts.dropped, 'on purpose by a stage'],
    ['repeated', counts.repeated, 'sent before by this replay'],
    ['superseded', counts.superseded, ''],
    ['expired', counts.expired, 'not sent; --renew-expiry 5m sends them'],
    ['blocked', counts.blocked, 'by a label rule'],
    ['dead letters', counts.deadLettered, report.deadLetters ?? ''],
    ['not sent', counts.held, 'the next start reads them again'],
  ] as const;
  const lines = rows
    .filter(([name, count]) => count > 0 || name === 'delivered')
    .map(
      ([name, count, about]) => `  ${name.padEnd(12)} ${String(count).padStart(9)}${about === '' ? '' : `  ${about}`}`,
    );
  if (range.gone > 0)
    lines.push(`  ${'gone'.padEnd(12)} ${`<=${range.gone}`.padStart(9)}  by the retention of the log`);
  if (report.resume !== undefined) lines.push(`Go on with: ${report.resume}`);
  return `${[head, ...lines].join('\n')}\n`;
}

function held({ alreadyHeld }: ReplayCounts): string {
  return alreadyHeld === 0 ? '' : `of these the sink held ${alreadyHeld} already and removed them as duplicates`;
}
