import type { Ledger } from '#contract/ledger.ts';
import type { Job } from './job.ts';

/**
 * Passes one of several messages that a publisher sent more than once. A repetition that comes while the first is under
 * way waits for it: only where the first was passed on is the second one a repetition.
 */
export class Repeats {
  readonly #ledger: Ledger;
  /** By what repetitions have in common: those that wait for the first. */
  readonly #underWay = new Map<string, Job[]>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** When the first was passed on, in milliseconds since 1970 (UTC), of a message that repeats it. */
  sinceMs(repeatKey: string): number | undefined {
    return this.#ledger.addedAtMs(repeatKey);
  }

  /** Of a message that repeats none that was passed on. */
  admit(job: Job, repeatKey: string): 'first' | 'waits' {
    job.repeatKey = repeatKey;
    const waiting = this.#underWay.get(repeatKey);
    if (waiting === undefined) {
      this.#underWay.set(repeatKey, []);
      return 'first';
    }
    waiting.push(job);
    return 'waits';
  }

  /** The first has ended: returns those that waited for it. `isPassed`: they are repetitions; otherwise the first of them is to be tried. */
  ended(job: Job, isPassed: boolean): readonly Job[] {
    if (job.repeatKey === undefined) return [];
    const waiting = this.#underWay.get(job.repeatKey) ?? [];
    this.#underWay.delete(job.repeatKey);
    if (isPassed) for (const one of waiting) one.repeatKey = undefined;
    if (isPassed || waiting.length === 0) return waiting;
    const [next, ...others] = waiting;
    if (next === undefined) return [];
    this.#underWay.set(job.repeatKey, others);
    return [next];
  }
}
