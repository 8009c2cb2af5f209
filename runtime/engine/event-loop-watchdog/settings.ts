/** Positions in the shared memory, in words of 4 bytes. `passing`: the id means nothing to another run. */
export const WORDS = { beats: 0, calls: 1, place: 2, length: 3, passing: 4, debugged: 5 } as const;
/** Where the bytes of the id begin, and how many there is room for: a longer one is cut, and nobody is struck by half a name. */
export const ID = { at: 32, bytes: 480 } as const;

/** Where a call can stand that never comes back. */
export interface Place {
  readonly route: string;
  readonly stage: string;
  /** How long one call may take. */
  readonly limitMs: number;
}

/** What the watching thread is told once, at its start. */
export interface Orders {
  readonly memory: SharedArrayBuffer;
  readonly words: typeof WORDS;
  readonly id: typeof ID;
  /** Those that the word `place` counts, from 1. */
  readonly places: readonly Place[];
  readonly pipeline: string;
  /** Where nobody knows what the event loop does. */
  readonly limitMs: number;
  /** Added to every limit. */
  readonly graceMs: number;
  readonly lookMs: number;
  /** A statement that notes a crashNote against route and id, and the database it is for. */
  readonly crashNote: { readonly file: string; readonly statement: string };
}
