import type { HeaderType } from '#contract/frame.ts';
import { bytesOfText } from '#kit/raw-text.ts';

/** One value of a header table as text, and what it was. */
export interface TextValue {
  readonly text: string;
  readonly type: HeaderType;
}

// The client's own notation of what JavaScript has no type for: { '!': 'timestamp', value: 1 }.
const MARK = '!';
const ILL_FORMED = /\p{Cs}/u;
const WHOLE = /^-?\d{1,19}$/;
const INT_32 = 2 ** 31;

/** A value of a header table; several where it is a list of two or more simple ones, for that is how a repeated header travels. */
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

/** A decimal leaves as a double: a stream of 3.10 ends the connection over one. */
function decimal(value: unknown): string {
  const { digits = 0, places = 0 }: Partial<Record<string, unknown>> = { ...(typeof value === 'object' ? value : {}) };
  return String(Number(digits) / 10 ** Number(places));
}

/** As JSON can write it: bytes in the client's notation, all else as it is. */
function toJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { [MARK]: 'bytes', value: value.toString('base64') };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item)]));
}

/** The value of the client's for the values of one header. Throws where a value is none that AMQP has, see `hasValue`. */
export function valueOfTexts(values: readonly TextValue[]): unknown {
  const [only] = values;
  return values.length === 1 && only !== undefined ? valueOfText(only) : values.map(valueOfText);
}

/** Whether `valueOfTexts` has a value for it. */
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
      // The server ends the connection over a double that is none (measured on 3.10).
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

/** In the two sizes that most clients write; exchanges that match headers compare the size too. */
function integer(text: string): unknown {
  const value = Number(text);
  const type = value >= -INT_32 && value < INT_32 ? 'int32' : 'int64';
  // Taken apart as a BigInt: as a number it would lose digits.
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
