import type { Log, LogFields } from '#contract/log.ts';

/** Dead letters of one cause. */
export interface Tally {
  readonly code: string;
  readonly count: number;
  readonly example: string;
}

/** A log that counts dead letters by cause and lets everything else through. */
export function tallyingLog(through: Log): { readonly log: Log; readonly tallies: () => readonly Tally[] } {
  const tallies = new Map<string, Tally>();
  return {
    log: {
      ...through,
      warn(event: string, fields: LogFields = {}) {
        if (event !== 'dead-letter') return through.warn(event, fields);
        const code = String(fields['code']);
        const count = (tallies.get(code)?.count ?? 0) + 1;
        tallies.set(code, { code, count, example: String(fields['text']) });
      },
    },
    tallies: () => [...tallies.values()].toSorted((a, b) => b.count - a.count),
  };
}
