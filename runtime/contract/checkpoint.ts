/** One small durable text of one end of a route: a position that the bus itself does not store. */
export interface Checkpoint {
  /** The text written last; undefined when nothing was written, when the state folder is new, or when it was lost. */
  read(): string | undefined;
  /**
   * Throws STATE_DAMAGED where the text was lost: for an end that may skip messages when it begins anew. Absent where
   * nothing can be lost.
   */
  assertKept?(): void;
  /** Durable when it returns: it waits for the disk, so it is for rare changes. Throws STATE_UNUSABLE. */
  write(text: string): void;
}
