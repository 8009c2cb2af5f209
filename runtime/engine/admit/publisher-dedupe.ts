import type { InFlight } from '../in-flight.ts';

interface Key {
  /** The message that is in flight. */
  first: InFlight;
  readonly waiting: InFlight[];
}

/**
 * Passes one of several messages that a publisher sent more than once. A repetition that comes while the first is in
 * flight waits for it: it is a repetition only if the first one was sent.
 */
export class PublisherDedupe {
  readonly #keys = new Map<string, Key>();

  /** True: it is the first of its repeat key. Otherwise it waits for the first one. */
  admit(inFlight: InFlight, repeatKey: string): boolean {
    const key = this.#keys.get(repeatKey);
    if (key === undefined) this.#keys.set(repeatKey, { first: inFlight, waiting: [] });
    else key.waiting.push(inFlight);
    return key === undefined;
  }

  /** It has ended: returns the waiting messages that repeat it (`hasPassed`), or the one that is tried next. */
  ended(inFlight: InFlight, hasPassed: boolean): readonly InFlight[] {
    const { repeatKey } = inFlight.envelope;
    const key = repeatKey === undefined ? undefined : this.#keys.get(repeatKey);
    if (repeatKey === undefined || key?.first !== inFlight) return NONE;
    const next = hasPassed ? undefined : key.waiting.shift();
    if (next === undefined) {
      this.#keys.delete(repeatKey);
      return key.waiting;
    }
    key.first = next;
    return [next];
  }
}

const NONE: readonly InFlight[] = [];
