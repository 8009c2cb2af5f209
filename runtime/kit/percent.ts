const bytes = new TextEncoder();

/** Percent-encodes (RFC 3986, section 2.1, over UTF-8) each character that `refused` matches, and `%` itself. */
export function percentEncode(text: string, refused: RegExp): string {
  let encoded = '';
  for (const character of text) {
    encoded += character === '%' || refused.test(character) ? escaped(character) : character;
  }
  return encoded;
}

function escaped(character: string): string {
  let out = '';
  for (const byte of bytes.encode(character)) out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return out;
}
