/** One small text of one end of a route that outlives the process: a place in an order that the bus itself does not keep. */
export interface Memo {
  /**
   * What was written last; undefined when nothing was, or when the state folder is new. Throws STATE_DAMAGED where it was
   * lost: to begin anew could leave messages out.
   */
  read(): string | undefined;
  /** Durable when it returns: it waits for the disk, so it is for rare changes. Throws STATE_UNUSABLE. */
  write(text: string): void;
}
