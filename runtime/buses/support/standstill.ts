/** The state of a source at one check. */
export interface Observation {
  /** Messages received so far; only its change counts. */
  readonly received: number;
  /** Messages that wait at the server for this source. */
  readonly waiting: number;
  /** Whether the source could take a message now: a full window is backpressure. */
  readonly hasRoom: boolean;
}

/** A message that was just published has had no time to arrive: one check proves nothing. */
const PROOF_LOOKS = 2;

/** Detects, over repeated checks, that messages wait for a source while none arrive. */
export class Standstill {
  #received = 0;
  #looks = 0;

  /** The number of checks in a row, from the one that proves it, at which messages waited and none arrived; 0: no standstill. */
  look({ received, waiting, hasRoom }: Observation): number {
    const stands = received === this.#received && waiting > 0 && hasRoom;
    this.#received = received;
    this.#looks = stands ? this.#looks + 1 : 0;
    return Math.max(0, this.#looks - PROOF_LOOKS + 1);
  }
}
