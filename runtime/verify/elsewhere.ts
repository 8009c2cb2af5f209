/** Names of messages found among dead letters, or how many of them there may be. */
export type DeadLettersFound = ReadonlySet<string> | number | undefined;

/** Whether the first bus kept a message until it expired there: the bridge never had it, or never for good. By name. */
export type Unread = (name: string) => boolean;
