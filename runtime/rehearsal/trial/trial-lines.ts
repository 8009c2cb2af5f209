import type { SendOptions } from '#contract/rehearsed.ts';
import { asMap, isMap } from '#kit/json-value.ts';
import { DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import { isEnvelope, TEXT_TYPE } from '../../codecs/message-line.ts';
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
  // `sluice tail --json` tells the moment of expiry: of a message that was read it says nothing here.
  if (typeof options['expires'] === 'string' && isTime(options['expires'])) delete options['expires'];
  if (typeof options['expires'] === 'string' && !isDuration(options['expires'])) {
    throw wrong('a duration such as 30s as expires');
  }
  if ('text' in value) options['contentType'] ??= TEXT_TYPE;
  return { line, body: bodyIn(value, wrong), options, ...timeIn(value['at'] ?? value['time'], wrong) };
}

/** JSON, or the bytes of a text or of base64. */
function bodyIn(value: Readonly<Record<string, unknown>>, wrong: (expected: string) => RehearsalError): unknown {
  for (const encoding of ['base64', 'text'] as const) {
    const written = value[encoding];
    if (written === undefined) continue;
    if (written === null) return null;
    if (typeof written !== 'string') throw wrong(`a text as ${encoding}`);
    return Buffer.from(written, encoding === 'text' ? 'utf8' : encoding);
  }
  return value['body'];
}

function isDuration(text: string): boolean {
  return new RegExp(DURATION_PATTERN).test(text);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text));
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
  if (typeof at === 'string' && isDuration(at)) {
    return { madeMs: undefined, afterMs: durationMs(at) };
  }
  const ms = typeof at === 'number' || typeof at === 'string' ? new Date(at).getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw wrong('a time of RFC 3339, milliseconds since 1970 or a duration such as 5s as at');
  return { madeMs: ms, afterMs: undefined };
}
