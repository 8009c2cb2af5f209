/** What a source knows at one look. */
export interface Observation {
  /** Messages that came so far; only its change counts. */
  readonly received: number;
  /** Messages that wait at the server for this source. */
  readonly waiting: number;
  /** Whether this source could take one now: a full window is backpressure. */
  readonly hasRoom: boolean;
}

/** A message that was published this very moment has had no time to come: one look proves nothing. */
const PROOF_LOOKS = 2;

/** Finds the source for which messages wait while none arrive, by looking now and then. */
export class Standstill {
  #received = 0;
  #looks = 0;

  /** For how many looks in a row, beyond what proves it, messages have waited and none came; 0: no standstill. */
  look({ received, waiting, hasRoom }: Observation): number {
    const stands = received === this.#received && waiting > 0 && hasRoom;
    this.#received = received;
    this.#looks = stands ? this.#looks + 1 : 0;
    return Math.max(0, this.#looks - PROOF_LOOKS + 1);
  }
}
