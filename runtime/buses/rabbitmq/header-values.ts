import type { HeaderType } from '#contract/frame.ts';
import { bytesOfText } from '#kit/raw-text.ts';

/** One value of a header table as text, and its type. */
export interface TextValue {
  readonly text: string;
  readonly type: HeaderType;
}

// The client's notation of types that JavaScript lacks: { '!': 'timestamp', value: 1 }.
const MARK = '!';
const ILL_FORMED = /\p{Cs}/u;
const WHOLE = /^-?\d{1,19}$/;
const INT_32 = 2 ** 31;

/** The texts of a value of a header table. A list of two or more simple values is a repeated header. */
export function textsOf(value: unknown): readonly TextValue[] {
  if (Array.isArray(value) && value.length > 1 && value.every((item) => simple(item) !== undefined)) {
    return value.map(textOf);
  }
  return [textOf(value)];
}

function textOf(value: unknown): TextValue {
  return simple(value) ?? { text: JSON.stringify(toJson(value)), type: 'json' };
}

function simple(value: unknown): TextValue | undefined {
  if (typeof value === 'string') return { text: value, type: 'text' };
  if (typeof value === 'number') return { text: String(value), type: Number.isInteger(value) ? 'integer' : 'number' };
  if (typeof value === 'boolean') return { text: String(value), type: 'boolean' };
  if (value === null) return { text: '', type: 'null' };
  if (Buffer.isBuffer(value)) return { text: value.toString('base64'), type: 'bytes' };
  if (markOf(value) === 'decimal') return { text: decimal(valueOf(value)), type: 'number' };
  if (markOf(value) === 'timestamp') return { text: String(Number(valueOf(value)) * 1000), type: 'timestamp' };
  return undefined;
}

/** A decimal is sent as a double: a stream of 3.10 ends the connection over a decimal. */
function decimal(value: unknown): string {
  const { digits = 0, places = 0 }: Partial<Record<string, unknown>> = { ...(typeof value === 'object' ? value : {}) };
  return String(Number(digits) / 10 ** Number(places));
}

/** A value that JSON can represent: bytes in the client's notation, all others unchanged. */
function toJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { [MARK]: 'bytes', value: value.toString('base64') };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item)]));
}

/** The client's value for the values of one header. Throws when AMQP has no value for a text, see `hasValue`. */
export function valueOfTexts(values: readonly TextValue[]): unknown {
  const [only] = values;
  return values.length === 1 && only !== undefined ? valueOfText(only) : values.map(valueOfText);
}

/** Whether `valueOfTexts` has a value for the text. */
export function hasValue({ text, type }: TextValue): boolean {
  if (type !== 'json') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function valueOfText({ text, type }: TextValue): unknown {
  switch (type) {
    case 'text':
      return ILL_FORMED.test(text) ? bytesOfText(text) : text;
    case 'bytes':
      return Buffer.from(text, 'base64');
    case 'integer':
      return WHOLE.test(text) ? integer(text) : text;
    case 'number':
      // The server ends the connection over a double that is not finite (measured on 3.10).
      return Number.isFinite(Number(text)) ? { [MARK]: 'double', value: Number(text) } : text;
    case 'boolean':
      return text === 'true';
    case 'timestamp':
      return /^\d{1,15}$/.test(text) ? { [MARK]: 'timestamp', value: Math.floor(Number(text) / 1000) } : text;
    case 'null':
      return null;
    case 'json':
      return fromJson(JSON.parse(text));
  }
}

/** In the two sizes that most clients write: headers exchanges compare the size too. */
function integer(text: string): unknown {
  const value = Number(text);
  const type = value >= -INT_32 && value < INT_32 ? 'int32' : 'int64';
  // The client encodes the text as a BigInt: a number would lose digits.
  return { [MARK]: type, value: type === 'int64' ? text : value };
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  if (markOf(value) === 'bytes') return Buffer.from(String(valueOf(value)), 'base64');
  const table: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries(value)) table[name] = fromJson(item);
  return MARK in table ? { ...table } : table;
}

function markOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && MARK in value ? value[MARK] : undefined;
}

function valueOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : undefined;
}
