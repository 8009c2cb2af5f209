import type { SendOptions } from '#contract/rehearsed.ts';
import { asMap, isMap } from '#kit/json-value.ts';
import { DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import { RehearsalError } from '../rehearsal-error.ts';

/** One message of a file of messages. */
export interface TrialLine {
  /** From 1. */
  readonly line: number;
  readonly body: unknown;
  readonly options: Omit<SendOptions, 'at'>;
  /** The publisher's time, in milliseconds since 1970. */
  readonly madeMs: number | undefined;
  /** Since the start of the trial. */
  readonly afterMs: number | undefined;
}

const TEXTS = ['key', 'address', 'label', 'id', 'expires', 'contentType', 'route'] as const;
const WORDS: ReadonlySet<string> = new Set(['body', 'base64', 'headers', 'at', ...TEXTS]);

/** An object with a body and nothing but words of an envelope is one; every other value is the body itself. */
function isEnvelope(value: unknown): value is Readonly<Record<string, unknown>> {
  return isMap(value) && ('body' in value || 'base64' in value) && Object.keys(value).every((word) => WORDS.has(word));
}

/** Messages in JSON Lines. Empty lines are no messages. Throws RehearsalError with the number of the line. */
export function trialLines(text: string, name: string): readonly TrialLine[] {
  const found: TrialLine[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const wrong = (expected: string): RehearsalError =>
      new RehearsalError(`${name}:${at + 1}: expected ${expected}, found something else`);
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw wrong('a JSON value on the line');
    }
    found.push(isEnvelope(value) ? enveloped(value, at + 1, wrong) : plain(value, at + 1));
  }
  return found;
}

function plain(body: unknown, line: number): TrialLine {
  return { line, body, options: {}, madeMs: undefined, afterMs: undefined };
}

function enveloped(
  value: Readonly<Record<string, unknown>>,
  line: number,
  wrong: (expected: string) => RehearsalError,
): TrialLine {
  const options: Record<string, unknown> = {};
  for (const word of TEXTS) {
    const given = value[word];
    if (given === undefined || given === null) continue;
    if (typeof given !== 'string') throw wrong(`a text as ${word}`);
    options[word] = given;
  }
  if (value['headers'] !== undefined) options['headers'] = headersIn(value['headers'], wrong);
  if (typeof options['expires'] === 'string' && !new RegExp(DURATION_PATTERN).test(options['expires'])) {
    throw wrong('a duration such as 30s as expires');
  }
  const { base64 } = value;
  if (base64 !== undefined && typeof base64 !== 'string') throw wrong('a text as base64');
  const body = base64 === undefined ? value['body'] : Buffer.from(base64, 'base64');
  return { line, body, options, ...timeIn(value['at'], wrong) };
}

function isText(one: unknown): boolean {
  return typeof one === 'string' || (Array.isArray(one) && one.every((part) => typeof part === 'string'));
}

function headersIn(value: unknown, wrong: (expected: string) => RehearsalError): object {
  if (!isMap(value) || !Object.values(asMap(value)).every(isText)) throw wrong('texts or lists of texts as headers');
  return value;
}

/** `5s` is so long after the start; anything else is the publisher's own time. */
function timeIn(at: unknown, wrong: (expected: string) => RehearsalError): Pick<TrialLine, 'madeMs' | 'afterMs'> {
  if (at === undefined || at === null) return { madeMs: undefined, afterMs: undefined };
  if (typeof at === 'string' && new RegExp(DURATION_PATTERN).test(at)) {
    return { madeMs: undefined, afterMs: durationMs(at) };
  }
  const ms = typeof at === 'number' || typeof at === 'string' ? new Date(at).getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw wrong('a time of RFC 3339, milliseconds since 1970 or a duration such as 5s as at');
  return { madeMs: ms, afterMs: undefined };
}
