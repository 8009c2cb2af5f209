import { Checker, type Promised } from '../../runtime/verify/checker.ts';
import type { Mark, Reading } from '../../runtime/verify/mark.ts';
import { type Report, VERDICT_NAMES } from '../../runtime/verify/verdicts.ts';

export const RUN = 'run';
const PROMISED: Promised = {
  run: RUN,
  trafficClass: 'event',
  labels: [],
  expiresMs: undefined,
  slackMs: 10,
  wedgedMs: 1000,
  allowed: new Set(),
};

/** A checker and short words for what it is told: messages of one key, by number, at a moment. */
export function scene(promised: Partial<Promised> = {}) {
  const checker = new Checker({ ...PROMISED, ...promised });
  const mark = (number: number, sentAtMs = 0, key = 'k'): Mark => ({ run: RUN, key, number, sentAtMs });
  return {
    checker,
    mark,
    sent: (...numbers: readonly number[]): void => {
      for (const number of numbers) {
        checker.sending(mark(number));
        checker.confirmed(mark(number), 0);
      }
    },
    arrived: (
      number: number,
      atMs = 1,
      other: { reading?: Reading; label?: string; isReplay?: boolean; storedMs?: number; isReread?: boolean } = {},
    ): void => {
      const reading = other.reading ?? { kind: 'whole', mark: mark(number) };
      checker.arrive({
        reading,
        label: other.label,
        isReplay: other.isReplay ?? false,
        atMs,
        storedMs: other.storedMs,
        isReread: other.isReread ?? false,
      });
    },
    found: (atMs = 2): Record<string, number> => counts(checker.finish(atMs, undefined)),
  };
}

export function counts(report: Report): Record<string, number> {
  const pairs = VERDICT_NAMES.map((name) => [name, report.verdicts[name].count] as const);
  return Object.fromEntries(pairs.filter(([, count]) => count > 0));
}
