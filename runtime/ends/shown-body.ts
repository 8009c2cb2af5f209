import type { Codec } from '#contract/codec.ts';
import { utf8Of } from '#kit/raw-text.ts';
import { isJsonText } from '../codecs/json-text.ts';

/** A body for people and for `jq`. */
export type ShownBody =
  | { readonly kind: 'none' }
  /** `json`: its text on one line, digits and order of names as they came. */
  | { readonly kind: 'json'; readonly json: string }
  | { readonly kind: 'text'; readonly text: string }
  /** Bytes that a codec has read; `json` is made of the body. */
  | { readonly kind: 'decoded'; readonly json: string; readonly codec: string }
  | { readonly kind: 'bytes' };

/** A body as it is shown, and its value for expressions. */
export interface ReadBody {
  readonly shown: ShownBody;
  /** Undefined where the bytes could not be decoded. */
  readonly value: unknown;
}

const TOKEN = /("(?:[^"\\]|\\.)*")|\s+/g;
/** A text may be a picture: with one control character that no text has, it is shown as bytes. */
const NO_TEXT = /[\0-\u0008\u000E-\u001A]/;

/** Decodes by the codec, else by content. Never throws. `codec`: that of the route's end, or of the content type. */
export function readBody(body: Uint8Array | null, codec: Pick<Codec, 'name' | 'decode'>): ReadBody {
  if (body === null) return { shown: { kind: 'none' }, value: null };
  const value = decoded(body, codec);
  if (value !== undefined && codec.name !== 'json' && codec.name !== 'text' && codec.name !== 'bytes') {
    return { shown: { kind: 'decoded', json: jsonOf(value), codec: codec.name }, value };
  }
  const text = codec.name === 'bytes' ? undefined : utf8Of(body);
  if (text === undefined || NO_TEXT.test(text)) return { shown: { kind: 'bytes' }, value };
  if (codec.name !== 'text' && isJsonText(text)) return { shown: { kind: 'json', json: onOneLine(text) }, value };
  return { shown: { kind: 'text', text }, value: value ?? text };
}

function decoded(body: Uint8Array, codec: Pick<Codec, 'decode'>): unknown {
  try {
    return codec.decode(body);
  } catch {
    return undefined;
  }
}

/** Numbers keep their digits: nothing is read and written again. */
function onOneLine(text: string): string {
  return text.replaceAll(TOKEN, (_, string: string | undefined) => string ?? '');
}

/** What JSON does not have becomes a text: large integers their digits, bytes base64. */
function jsonOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, one: unknown) => {
      if (typeof one === 'bigint') return one.toString();
      if (one instanceof Uint8Array) return Buffer.from(one).toString('base64');
      if (one instanceof Map) return Object.fromEntries(one);
      return typeof one === 'number' && !Number.isFinite(one) ? String(one) : one;
    }) ?? 'null'
  );
}
