/** Names of messages found among dead letters, or how many of them there may be. */
export type DeadLettersFound = ReadonlySet<string> | number | undefined;

/** Whether a bus kept a message until it expired there: whoever reads that bus never had it, or never for good. By name. */
export type Unread = (name: string) => boolean;

/**
 * How many messages the functions of the route have dropped while the check ran, by the bridge's own figures, traffic of
 * others included. `unknown`: there is a function, and no figures can be seen.
 */
export type Drops = number | 'unknown';
