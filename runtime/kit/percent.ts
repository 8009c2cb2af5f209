import { bytesOfText } from './raw-text.ts';

const ALWAYS = /[%\p{Cc}\p{Cs}]/u;

/**
 * Percent-encodes (RFC 3986, section 2.1, over UTF-8) each character that `refused` matches, controls, bytes that were
 * no text (see raw-text.ts), and `%` itself.
 */
export function percentEncode(text: string, refused: RegExp): string {
  if (!ALWAYS.test(text) && !refused.test(text)) return text;
  let encoded = '';
  for (const character of text) {
    encoded += ALWAYS.test(character) || refused.test(character) ? escaped(character) : character;
  }
  return encoded;
}

function escaped(character: string): string {
  let out = '';
  for (const byte of bytesOfText(character)) out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return out;
}
