import { bytesOfText, textOfBytes } from './raw-text.ts';

/** Converts between any text and one level of a bus's addresses. */
export interface LevelCodec {
  /** The value as text of one level or a part of one. Different values give different texts. */
  readonly encode: (value: string) => string;
  /** The value that `encode` made the level of. A level that `encode` cannot have made is returned unchanged. */
  readonly decode: (level: string) => string;
}

export interface LevelRules {
  /** The first character of an escape; two upper-case hex digits follow. */
  readonly escape: '%' | '_';
  /** Characters that a level cannot hold, beside controls and non-characters. Without the flags g and y. */
  readonly refused: RegExp;
  /** Refused as the first character only. */
  readonly refusedFirst?: string;
  /** Whether the bus can have an empty level. Where not, the escape character alone encodes it. */
  readonly hasEmpty: boolean;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
const ZERO = 48;
const UPPER_A = 65;
/** Most characters whose escapes are cached: addresses of one deployment have few. */
const KEPT = 1000;
const ALWAYS = /[\p{Cc}\p{Cs}]/u;

/**
 * Escapes the refused characters of a value (as RFC 3986, section 2.1, over UTF-8; bytes that are no text as in
 * kit/raw-text.ts), and each escape character with them. A value without refused characters is unchanged, unless it looks
 * like an escaped one. So `decode(encode(value))` is the value whatever it holds, and `encode(decode(level))` is the level
 * wherever the bus allows no more characters than the rules do. Both take time linear in the length.
 */
export function levelCodec({ escape, refused, refusedFirst, hasEmpty }: LevelRules): LevelCodec {
  const self = hexOf(escape);
  const escapeByte = escape.charCodeAt(0);
  const groups = new RegExp(`${escape}((?:${self})*)`, 'g');
  const sound = new RegExp(`^(?:[^${escape}]|${escape}[0-9A-F]{2})*$`);

  const isRefused = (text: string): boolean =>
    refused.test(text) || ALWAYS.test(text) || (refusedFirst !== undefined && text.startsWith(refusedFirst));

  const odd = new RegExp(`${escape}|${refused.source}|${ALWAYS.source}`, 'gu');
  const known = new Map<string, string>();

  const escapedOf = (character: string): string => {
    const before = known.get(character);
    if (before !== undefined) return before;
    let out = '';
    for (const byte of bytesOfText(character)) out += escape + (HEX[byte] ?? '');
    if (known.size < KEPT) known.set(character, out);
    return out;
  };

  const escapeAll = (value: string): string => {
    const isFirstOdd = refusedFirst !== undefined && value.startsWith(refusedFirst);
    const rest = (isFirstOdd ? value.slice(refusedFirst.length) : value).replaceAll(odd, escapedOf);
    return isFirstOdd ? escapedOf(refusedFirst) + rest : rest;
  };

  // Escapes are ASCII, so they are the same in UTF-8 and in the text.
  const unescapeAll = (text: string): string => {
    const bytes = bytesOfText(text);
    let end = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const isEscape = bytes[at] === escapeByte;
      bytes[end] = isEscape ? hexAt(bytes, at + 1) : (bytes[at] ?? 0);
      end += 1;
      if (isEscape) at += 2;
    }
    return textOfBytes(bytes.subarray(0, end));
  };

  /**
   * Whether `encode` could have made it. Escapes may be escaped again, `%2525`: the levels of escaping that all groups share
   * are removed in one step, then the rest must be the escaped form of a value that had to be escaped.
   */
  const looksEscaped = (text: string): boolean => {
    let common = Number.POSITIVE_INFINITY;
    for (const [, selves = ''] of text.matchAll(groups)) common = Math.min(common, selves.length);
    if (common === Number.POSITIVE_INFINITY) return false;
    const inner = common === 0 ? text : text.replaceAll(groups, (group) => group.slice(0, group.length - common));
    if (!hasEmpty && inner === escape) return true;
    if (!sound.test(inner)) return false;
    const value = unescapeAll(inner);
    return isRefused(value) && escapeAll(value) === inner;
  };

  return {
    encode(value) {
      if (value === '') return hasEmpty ? '' : escape;
      if (isRefused(value)) return escapeAll(value);
      return value.includes(escape) && looksEscaped(value) ? escapeAll(value) : value;
    },
    decode(level) {
      if (!level.includes(escape) || !looksEscaped(level)) return level;
      return level === escape ? '' : unescapeAll(level);
    },
  };
}

/** Two digits, 0-9 and A-F. */
function hexAt(bytes: Uint8Array, at: number): number {
  return digitOf(bytes[at] ?? 0) * 16 + digitOf(bytes[at + 1] ?? 0);
}

function digitOf(code: number): number {
  return code < UPPER_A ? code - ZERO : code - UPPER_A + 10;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase();
}
