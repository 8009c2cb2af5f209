/** How often the process may end while the same message is in its stages, before the message is quarantined. */
export const MOST_ENDS = 3;

/**
 * The durable crash counts of one route: messages in whose stages the process ended, by a name that is the same when the
 * message comes again. Used only after an unclean end, or while a message with a crash count has not come again.
 */
export interface CrashSuspects {
  /** True when the last run of the pipeline did not end cleanly. */
  readonly isAfterCrash: boolean;
  /** How many messages have a crash count. */
  readonly size: number;
  /** How often the process ended while this message was in its stages. */
  crashCount(name: string): number;
  /** To be called before the message enters its stages. Durable when it returns: it waits for the disk. Throws STATE_UNUSABLE. */
  enter(name: string): void;
  /**
   * To be called when the message has left its stages. `passed`: it succeeded, so its crash count is removed. It need not
   * survive a power cut, which then counts as one of three crashes. Never throws.
   */
  leave(name: string, passed: boolean): void;
  /** To be called when its dead letter is durable. Never throws. */
  deadLettered(name: string): void;
}
