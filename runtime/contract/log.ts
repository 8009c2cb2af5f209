/** Values of an event's fields. Never a payload, a key or a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line per event. `event` is a stable name (`ready`, `dead-letter`); what varies is in the fields. Never throws. */
export interface Log {
  /** Absent where nobody asks for it (`SLUICE_LOG`): `log.debug?.(...)` then makes no fields. */
  debug?(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
