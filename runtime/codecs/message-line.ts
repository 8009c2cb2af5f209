import { isMap, own, type PlainMap } from '#kit/json-value.ts';
import { memberText } from './json-member.ts';
import { isJsonText } from './json-text.ts';

/** A message as a person has written it: one line of a JSONL file (docs/send-and-tail.md). */
export interface WrittenMessage {
  /** Null: the message has no body (Kafka's tombstone). */
  readonly body: Uint8Array | null;
  readonly contentType: string | undefined;
  readonly address: string | undefined;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly id: string | undefined;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** The line is no message. The text says what was expected and found. */
export class MessageLineError extends Error {
  override readonly name = 'MessageLineError';
}

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain';
const BYTES_TYPE = 'application/octet-stream';

/** A line with one of these is an envelope. */
const BODIES = ['base64', 'text', 'body'] as const;
const TEXTS = ['contentType', 'address', 'key', 'label', 'id'] as const;
/** What `sluice tail --json` adds, so that its lines can be sent again, and what `sluice try` reads beside it. */
const IGNORED = ['time', 'expires', 'retained', 'route', 'side', 'at'];
const MEMBERS: ReadonlySet<string> = new Set([...BODIES, ...TEXTS, 'headers', ...IGNORED]);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Reads one line: an object with `body`, `text` or `base64`, and no members but those of an envelope, is an envelope; all other JSON is a
 * body. A JSON body keeps the bytes that it is written with. Throws MessageLineError.
 */
export function readMessageLine(line: string): WrittenMessage {
  const written = line.trim();
  const value = parsed(written);
  if (!isEnvelope(value)) return { ...NO_ENVELOPE, body: Buffer.from(written), contentType: JSON_TYPE };
  const texts = Object.fromEntries(TEXTS.map((name) => [name, textIn(value, name)]));
  const { body, contentType } = bodyOf(value, written);
  return {
    body,
    contentType: texts['contentType'] ?? contentType,
    address: texts['address'],
    key: texts['key'],
    label: texts['label'],
    id: texts['id'],
    headers: headersOf(own(value, 'headers')),
  };
}

/** A body from the command line: JSON where it is JSON, otherwise text. */
export function writtenBody(text: string): WrittenMessage {
  return { ...NO_ENVELOPE, body: Buffer.from(text), contentType: isJsonText(text) ? JSON_TYPE : TEXT_TYPE };
}

const NO_ENVELOPE: Omit<WrittenMessage, 'body' | 'contentType'> = {
  address: undefined,
  key: undefined,
  label: undefined,
  id: undefined,
  headers: new Map(),
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MessageLineError('expected JSON: a body, or an envelope { "body": ... }, found something else');
  }
}

/** Whether a line in JSON is an envelope: it has a body, and no members but those of one. Every other value is a body itself. */
export function isEnvelope(value: unknown): value is PlainMap {
  if (!isMap(value)) return false;
  return BODIES.some((name) => Object.hasOwn(value, name)) && Object.keys(value).every((name) => MEMBERS.has(name));
}

function bodyOf(value: PlainMap, line: string): { readonly body: Uint8Array | null; readonly contentType?: string } {
  if (Object.hasOwn(value, 'base64')) {
    if (own(value, 'base64') === null) return { body: null };
    const base64 = textIn(value, 'base64') ?? '';
    if (!BASE64.test(base64))
      throw new MessageLineError('expected "base64" with base64 of the bytes, found other text');
    return { body: Buffer.from(base64, 'base64'), contentType: BYTES_TYPE };
  }
  if (Object.hasOwn(value, 'text')) return { body: Buffer.from(textIn(value, 'text') ?? ''), contentType: TEXT_TYPE };
  return { body: Buffer.from(memberText(line, 'body') ?? ''), contentType: JSON_TYPE };
}

function textIn(value: PlainMap, name: string): string | undefined {
  const found = own(value, name);
  if (found === undefined || typeof found === 'string') return found;
  throw new MessageLineError(`expected "${name}" with a text, found ${kindOf(found)}`);
}

function headersOf(value: unknown): ReadonlyMap<string, readonly string[]> {
  if (value === undefined) return NO_ENVELOPE.headers;
  if (!isMap(value)) throw new MessageLineError(`expected "headers" with { "NAME": "VALUE" }, found ${kindOf(value)}`);
  return new Map(Object.entries(value).map(([name, found]) => [name, valuesOf(name, found)]));
}

function valuesOf(name: string, found: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(found) ? found : [found];
  return values.map((one) => {
    if (typeof one === 'string') return one;
    if (typeof one === 'number' || typeof one === 'boolean') return String(one);
    throw new MessageLineError(
      `expected header ${JSON.stringify(name)} with a text or a list of texts, found ${kindOf(one)}`,
    );
  });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
