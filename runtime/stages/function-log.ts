import type { FunctionLog, FunctionLogFields } from '#contract/function-log.ts';
import type { Log, LogFields, LogLevel } from '#contract/log.ts';
import { messageOf } from '#contract/errors.ts';
import type { StageTrace } from '#contract/trace.ts';
import { shortened } from '#kit/shortened.ts';

/** Bounds of one line. */
const MOST_FIELDS = 32;
const MOST_CHARACTERS = 4096;
const MOST_OF_NAME = 128;
/** What every line says of itself: a function that could replace it could forge the lines of others. */
const OF_LINES: ReadonlySet<string> = new Set(['time', 'level', 'event']);

/** In the place of a value that has no text. */
const UNWRITABLE = '(no text)';

/** The lines of one call. `place`: what they say of it; no field of the function replaces that. */
export function functionLog(log: Log, place: LogFields): FunctionLog {
  const at =
    (level: LogLevel) =>
    // Code without types may hand over anything.
    (text: unknown, fields?: FunctionLogFields): void =>
      log[level]?.('function', { ...written(fields), ...place, text: shortened(textOf(text), MOST_CHARACTERS) });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What the lines of a call say beside what the function writes. */
export function placeOf(
  { name, pipeline, route }: { readonly name: string; readonly pipeline: string; readonly route: string },
  id: string,
  trace: StageTrace | undefined,
): LogFields {
  const { traceId, spanId } = trace?.span.spanContext() ?? {};
  return { pipeline, route, function: name, id, trace: traceId, span: spanId };
}

function written(fields: FunctionLogFields | undefined): LogFields {
  if (typeof fields !== 'object' || fields === null) return {};
  try {
    const own = Object.entries(fields).filter(([name]) => !OF_LINES.has(name));
    return Object.fromEntries(
      own.slice(0, MOST_FIELDS).map(([name, value]) => [shortened(name, MOST_OF_NAME), plain(value)]),
    );
  } catch {
    // A member that throws.
    return {};
  }
}

/** Members of a foreign value may throw. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNWRITABLE;
  }
}

function plain(value: unknown): LogFields[string] {
  if (typeof value === 'boolean' || value === undefined) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return shortened(typeof value === 'string' ? value : asJson(value), MOST_CHARACTERS);
}

function asJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return textOf(value);
  try {
    if (value instanceof Error) return messageOf(value);
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? '';
  } catch {
    // A circle, or a member that throws.
    return UNWRITABLE;
  }
}
