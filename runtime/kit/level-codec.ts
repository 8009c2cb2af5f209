import { bytesOfText, textOfBytes } from './raw-text.ts';

/** Between any text and one level of a bus's addresses, both ways. */
export interface LevelCodec {
  /** The value as text that is one level, or a part of one. Different values make different texts. */
  readonly encode: (value: string) => string;
  /** The value that `encode` made the level of. A level that it cannot have made is its own value. */
  readonly decode: (level: string) => string;
}

export interface LevelRules {
  /** Begins an escape; two hex digits in upper case follow. */
  readonly escape: '%' | '_';
  /** Characters that cannot stand in a level, beside controls and what is no character. Without the flags g and y. */
  readonly refused: RegExp;
  /** Refused as the first character only. */
  readonly refusedFirst?: string;
  /** Whether the bus can spell an empty level. Where not, the escape character alone stands for it. */
  readonly hasEmpty: boolean;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
const ALWAYS = /[\p{Cc}\p{Cs}]/u;

/**
 * Escapes (as RFC 3986, section 2.1, over UTF-8; bytes that were no text as kit/raw-text.ts has them) the refused
 * characters of a value, and with them each escape character in it. A value without refused characters stays as it is,
 * unless it looks like one that was escaped. So `decode(encode(value))` is the value whatever it holds, and
 * `encode(decode(level))` the level wherever the bus allows no more characters than the rules do. Both take time in
 * proportion to the length.
 */
export function levelCodec({ escape, refused, refusedFirst, hasEmpty }: LevelRules): LevelCodec {
  const self = hexOf(escape);
  const groups = new RegExp(`${escape}((?:${self})*)`, 'g');
  const sound = new RegExp(`^(?:[^${escape}]|${escape}[0-9A-F]{2})*$`);

  const isRefused = (text: string): boolean =>
    refused.test(text) || ALWAYS.test(text) || (refusedFirst !== undefined && text.startsWith(refusedFirst));

  const escapedOf = (character: string): string => {
    let out = '';
    for (const byte of bytesOfText(character)) out += escape + (HEX[byte] ?? '');
    return out;
  };

  const escapeAll = (value: string): string => {
    let out = '';
    for (const character of value) {
      const isFirst = out === '' && character === refusedFirst;
      const isOdd = isFirst || character === escape || refused.test(character) || ALWAYS.test(character);
      out += isOdd ? escapedOf(character) : character;
    }
    return out;
  };

  const unescapeAll = (text: string): string => {
    const bytes: Buffer[] = [];
    let from = 0;
    for (let at = text.indexOf(escape); at !== -1; at = text.indexOf(escape, from)) {
      bytes.push(bytesOfText(text.slice(from, at)), Buffer.from(text.slice(at + 1, at + 3), 'hex'));
      from = at + 3;
    }
    return textOfBytes(Buffer.concat([...bytes, bytesOfText(text.slice(from))]));
  };

  /**
   * Whether `encode` could have made it. Escaped escapes may stand in one another, `%2525`: as many as every group has
   * in common are taken off in one step, then it must be the escaped form of a value that had to be escaped.
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

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase();
}
