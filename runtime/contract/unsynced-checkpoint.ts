/**
 * One text of one end that a killed process leaves to the next one: cheap enough to be written many times a second, because it
 * is not synced. A power cut may take it, so nothing may depend on it but how much is done again.
 */
export interface UnsyncedCheckpoint {
  /** What an earlier process wrote last. Undefined where it left nothing, or nothing that is whole. Never throws. */
  read(): string | undefined;
  /**
   * The kernel has it when this returns, within microseconds. False where it was not written, such as on a full disk or a text of
   * more than 1 MiB: then the text of before stays. Never throws.
   */
  write(text: string): boolean;
}
