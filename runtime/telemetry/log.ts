import type { Log, LogFields } from '#contract/log.ts';
import { harmless } from '#kit/printable.ts';

type Level = 'info' | 'warn' | 'error';

const MARK: Readonly<Record<Level, string>> = { info: ' ', warn: '!', error: 'x' };

/** The destination of lines, and their format. */
export interface LogTarget {
  write(line: string): void;
  /** JSON objects for machines; otherwise text for people. */
  readonly isJson: boolean;
  readonly fields?: LogFields;
}

/** One line per event. */
export function newLog(target: LogTarget): Log {
  const line = target.isJson ? jsonLine : plainLine;
  const at =
    (level: Level) =>
    (event: string, fields: LogFields = {}): void =>
      target.write(line(level, event, { ...target.fields, ...fields }));
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

function jsonLine(level: Level, event: string, fields: LogFields): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`;
}

function plainLine(level: Level, event: string, { text, ...fields }: LogFields): string {
  const time = new Date().toISOString().slice(11, 23);
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value)}`);
  return `${[time, MARK[level], event, ...details, ...(text === undefined ? [] : [oneLine(String(text))])].join(' ')}\n`;
}

function quoted(value: unknown): string {
  const text = String(value);
  return /^[^\s"=\p{Cc}\p{Bidi_Control}]+$/u.test(text) ? text : harmless(JSON.stringify(text));
}

// A line break in a foreign text would forge a second line.
function oneLine(text: string): string {
  return harmless(text.replaceAll(/\s*[\n\v\f\r\u0085\u2028\u2029]+\s*/g, ' | '));
}
