/** Positions in the shared memory, in words of 4 bytes. `passing`: the id is valid in this run only. */
export const WORDS = { beats: 0, calls: 1, place: 2, length: 3, passing: 4, debugged: 5 } as const;
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
  /** Indexed by the word `place`, from 1. */
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
