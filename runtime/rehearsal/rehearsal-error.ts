/** A rehearsal that is called wrongly, or cannot go on. The text says what was expected, what was found, and what to write. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';
}
