/** A rehearsal that is called wrongly, or cannot go on. The text says what was expected, what was found, and what to write. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';
  /** The text without what to write. */
  readonly expectation: string;
  /** What a test writes. A command line may have other words for it. */
  readonly write: string | undefined;

  constructor(expectation: string, write?: string) {
    super(write === undefined ? expectation : `${expectation}: ${write}`);
    this.expectation = expectation;
    this.write = write;
  }
}
