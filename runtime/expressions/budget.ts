/** Rounds of the loops of one evaluation. A body of the default size has fewer elements; loops within loops may have more. */
export const MOST_ROUNDS = 1_000_000;
/** Below the 10 s after which the event-loop watchdog ends the process. */
const MOST_MS = 5_000;

/** Thrown where an evaluation takes more rounds, or longer, than it may. One object: loops may catch it once a round. */
const OVERSPENT = new Error('the evaluation takes more rounds than it may');

/** Bounds one evaluation: the publisher of a body decides how long its lists are. */
export class Budget {
  #rounds = 0;
  #endsAtMs = 0;
  #overspent: string | undefined;

  begin(): void {
    this.#rounds = 0;
    this.#endsAtMs = 0;
    this.#overspent = undefined;
  }

  /** In words, if the evaluation was cut. Its result does not count then: `exists` and `||` go on after an error. */
  get overspent(): string | undefined {
    return this.#overspent;
  }

  /** Throws once the budget is spent. */
  readonly spend = (): void => {
    if (this.#overspent !== undefined) throw OVERSPENT;
    this.#rounds += 1;
    const nowMs = performance.now();
    // One round may be long: `x in body.list`.
    if (this.#endsAtMs === 0) this.#endsAtMs = nowMs + MOST_MS;
    if (this.#rounds > MOST_ROUNDS) this.#overspent = `loops of more than ${MOST_ROUNDS} rounds`;
    else if (nowMs > this.#endsAtMs) this.#overspent = `loops of more than ${MOST_MS / 1000} s`;
    if (this.#overspent !== undefined) throw OVERSPENT;
  };
}
