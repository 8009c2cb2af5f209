import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { InFlight } from '../in-flight.ts';

/**
 * Passes one of several messages that a publisher sent more than once. A repetition that comes while the first is in
 * flight waits for it: it is a repetition only if the first one was sent.
 */
export class PublisherDedupe {
  readonly #processedIds: ProcessedIds;
  /** By repeat key: the messages that wait for the first one, which is in flight. */
  readonly #waitingBy = new Map<string, InFlight[]>();

  constructor(processedIds: ProcessedIds) {
    this.#processedIds = processedIds;
  }

  /** When a message with this key was sent, in milliseconds since 1970 (UTC); undefined: none was. */
  sinceMs(repeatKey: string): number | undefined {
    return this.#processedIds.addedAtMs(repeatKey);
  }

  /** Admits a message whose key was not sent before. */
  admit(inFlight: InFlight, repeatKey: string): 'first' | 'waits' {
    inFlight.repeatKey = repeatKey;
    const waiting = this.#waitingBy.get(repeatKey);
    if (waiting === undefined) {
      this.#waitingBy.set(repeatKey, []);
      return 'first';
    }
    waiting.push(inFlight);
    return 'waits';
  }

  /** The first has ended: returns the waiting messages that are repetitions (`isPassed`), or the one that is tried next. */
  ended(inFlight: InFlight, isPassed: boolean): readonly InFlight[] {
    if (inFlight.repeatKey === undefined) return [];
    const waiting = this.#waitingBy.get(inFlight.repeatKey) ?? [];
    this.#waitingBy.delete(inFlight.repeatKey);
    if (isPassed) for (const one of waiting) one.repeatKey = undefined;
    if (isPassed || waiting.length === 0) return waiting;
    const [next, ...others] = waiting;
    if (next === undefined) return [];
    this.#waitingBy.set(inFlight.repeatKey, others);
    return [next];
  }
}
