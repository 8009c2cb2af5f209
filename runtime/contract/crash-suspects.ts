/** So often may the process end while one and the same message is in its stages; then it is the message. */
export const MOST_ENDS = 3;

/**
 * What of one route is known over restarts of messages in whose stages the process ended, by a name that a message has
 * again when it comes again. Only asked after an end that was not clean, or while somebody is still under suspicion.
 */
export interface CrashSuspects {
  /** True when the last run of the pipeline did not end well. */
  readonly isAfterCrash: boolean;
  /** How many have a strike. */
  readonly size: number;
  /** How often the process ended while this one was in its stages. */
  crashCount(name: string): number;
  /** It goes into its stages. Durable when it returns: it waits for the disk. Throws STATE_UNUSABLE. */
  enter(name: string): void;
  /**
   * It came out of them alive. `passed`: whole, so nothing is held against it any more. Need not outlive a power cut,
   * which then is one strike of three. Never throws.
   */
  leave(name: string, passed: boolean): void;
  /** Its dead letter is durable. Never throws. */
  deadLettered(name: string): void;
}
