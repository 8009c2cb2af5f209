/** Values of an event's fields. Never a payload, a key or a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line per event. `event` is a stable name (`ready`, `dead-letter`); what varies is in the fields. Never throws. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
