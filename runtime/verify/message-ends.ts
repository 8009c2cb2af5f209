/** Names of messages found among dead letters, or how many of them there may be. */
export type DeadLettersFound = ReadonlySet<string> | number | undefined;

/** Whether a message expired in a bus before a reader of that bus had taken it for good. By name. */
export type Unread = (name: string) => boolean;

/**
 * The number of messages that stages of the route have dropped while the check ran, by the counters of the bridge, traffic of
 * others included. `unknown`: a stage may drop messages, and the counters cannot be read.
 */
export type Drops = number | 'unknown';
