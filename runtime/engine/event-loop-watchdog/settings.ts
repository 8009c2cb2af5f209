/**
 * Positions in the shared memory, in words of 4 bytes. `call`: the place of the call in progress (0: none) and the number of
 * calls so far, in one word, so that both are read and written together. `passing`: the id is valid in this run only.
 */
export const WORDS = { beats: 0, call: 1, length: 2, passing: 3, debugged: 4 } as const;
/** The bits of the place in the word `call`. */
export const PLACE_BITS = 16;
/** The position and size of the id's bytes. A longer id is cut at a character, and no crash is counted for it. */
export const ID = { at: 32, bytes: 480 } as const;

/** A step of a route that may block. */
export interface WatchedStep {
  readonly route: string;
  readonly stage: string;
  /** How long one call may take. */
  readonly limitMs: number;
}

/** The settings of the watchdog thread, passed at its start. */
export interface WatchThreadSettings {
  readonly memory: SharedArrayBuffer;
  readonly words: typeof WORDS;
  readonly id: typeof ID;
  readonly placeBits: number;
  /** Indexed by the place in the word `call`, from 1. Fewer than 2 ** `placeBits`. */
  readonly places: readonly WatchedStep[];
  readonly pipeline: string;
  /** The limit outside of every step. */
  readonly limitMs: number;
  /** Added to every limit. */
  readonly graceMs: number;
  readonly checkMs: number;
  /** The statement that counts a crash for a route and an id, and its database. */
  readonly crashNote: { readonly file: string; readonly statement: string };
}
