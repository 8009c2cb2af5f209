import type { Log, LogFields, LogLevel } from '#contract/log.ts';
import { harmless, oneLine } from '#kit/printable.ts';
import { type LogLevels, USUAL_LEVELS } from './log-levels.ts';
import { LogRepeats } from './log-repeats.ts';

const MARK: Readonly<Record<LogLevel, string>> = { debug: '.', info: ' ', warn: '!', error: 'x' };

/** Gets each line that is written, as its parts. Must not throw. */
export type LogListener = (level: LogLevel, event: string, fields: LogFields) => void;

/** The destination of lines, and their format. */
export interface LogTarget {
  write(line: string): void;
  /** JSON objects for machines; otherwise text for people. */
  readonly isJson: boolean;
  readonly fields?: LogFields;
  /** Default: all but `debug`. */
  readonly levels?: LogLevels;
  /** Whether a failing cause is summarised. */
  readonly summarises?: boolean;
}

export interface WrittenLog extends Log {
  /** From now on the listener gets each line too. */
  listen(listener: LogListener | undefined): void;
  /** Writes the summaries that are open. */
  flush(): void;
}

/** One line per event. */
export function newLog(target: LogTarget): WrittenLog {
  const line = target.isJson ? jsonLine : plainLine;
  const { levels = USUAL_LEVELS } = target;
  let heard: LogListener | undefined;
  const write: LogListener = (level, event, fields) => {
    const all = { ...target.fields, ...fields };
    target.write(line(level, event, all));
    heard?.(level, event, all);
  };
  const repeats = target.summarises === true ? new LogRepeats(write) : undefined;
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (!levels.admits(level, event, fields)) return;
      if (repeats !== undefined && (level === 'warn' || level === 'error')) repeats.say(level, event, fields);
      else write(level, event, fields);
    };
  return {
    ...(levels.hasDebug && { debug: at('debug') }),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    listen(listener) {
      heard = listener;
    },
    flush: () => repeats?.flush(),
  };
}

function jsonLine(level: LogLevel, event: string, fields: LogFields): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`;
}

function plainLine(level: LogLevel, event: string, { text, ...fields }: LogFields): string {
  const time = new Date().toISOString().slice(11, 23);
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${quoted(name)}=${quoted(value)}`);
  return `${[time, MARK[level], event, ...details, ...(text === undefined ? [] : [harmless(oneLine(String(text)))])].join(' ')}\n`;
}

function quoted(value: unknown): string {
  const text = String(value);
  return /^[^\s"=\p{Cc}\p{Bidi_Control}]+$/u.test(text) ? text : harmless(JSON.stringify(text));
}
