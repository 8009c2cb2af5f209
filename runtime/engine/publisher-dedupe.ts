import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { InFlight } from './in-flight.ts';

/**
 * Passes one of several messages that a publisher sent more than once. A repetition that comes while the first is under
 * way waits for it: only where the first was passed on is the second one a repetition.
 */
export class PublisherDedupe {
  readonly #processedIds: ProcessedIds;
  /** By what repetitions have in common: those that wait for the first. */
  readonly #underWay = new Map<string, InFlight[]>();

  constructor(processedIds: ProcessedIds) {
    this.#processedIds = processedIds;
  }

  /** When the first was passed on, in milliseconds since 1970 (UTC), of a message that repeats it. */
  sinceMs(repeatKey: string): number | undefined {
    return this.#processedIds.addedAtMs(repeatKey);
  }

  /** Of a message that repeats none that was passed on. */
  admit(inFlight: InFlight, repeatKey: string): 'first' | 'waits' {
    inFlight.repeatKey = repeatKey;
    const waiting = this.#underWay.get(repeatKey);
    if (waiting === undefined) {
      this.#underWay.set(repeatKey, []);
      return 'first';
    }
    waiting.push(inFlight);
    return 'waits';
  }

  /** The first has ended: returns those that waited for it. `isPassed`: they are repetitions; otherwise the first of them is to be tried. */
  ended(inFlight: InFlight, isPassed: boolean): readonly InFlight[] {
    if (inFlight.repeatKey === undefined) return [];
    const waiting = this.#underWay.get(inFlight.repeatKey) ?? [];
    this.#underWay.delete(inFlight.repeatKey);
    if (isPassed) for (const one of waiting) one.repeatKey = undefined;
    if (isPassed || waiting.length === 0) return waiting;
    const [next, ...others] = waiting;
    if (next === undefined) return [];
    this.#underWay.set(inFlight.repeatKey, others);
    return [next];
  }
}
