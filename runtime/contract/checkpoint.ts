/** One small text of one end of a route that outlives the process: a place in an order that the bus itself does not keep. */
export interface Checkpoint {
  /** What was written last; undefined when nothing was, when the state folder is new, or when it was lost. */
  read(): string | undefined;
  /**
   * Throws STATE_DAMAGED where nothing is there because it was lost: for an end that may leave messages out when it begins
   * anew. Missing where nothing can be lost.
   */
  assertKept?(): void;
  /** Durable when it returns: it waits for the disk, so it is for rare changes. Throws STATE_UNUSABLE. */
  write(text: string): void;
}
