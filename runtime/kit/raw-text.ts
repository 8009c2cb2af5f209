const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ESCAPED = /[\udc80-\udcff]/;
const FIRST = 0xdc00;

/**
 * Bytes as text, without loss: UTF-8 as it reads, and where it is none, each byte that does not read as a lone
 * surrogate U+DC80 to U+DCFF (the way of PEP 383), which no UTF-8 can hold. `bytesOfText` is the way back.
 */
export function textOfBytes(bytes: Uint8Array): string {
  return utf8Of(bytes) ?? escaped(bytes);
}

/** Undefined for bytes that are no UTF-8. */
export function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes that `textOfBytes` made the text from; any other text as UTF-8. */
export function bytesOfText(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text);
  // By code point: of a pair the second half is in the same range, and is no escaped byte.
  const parts = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return ESCAPED.test(character) && code <= 0xffff ? Buffer.from([code - FIRST]) : Buffer.from(character);
  });
  return Buffer.concat(parts);
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(FIRST + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += STRICT.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** How many bytes make a character at this place; 0 where none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  return utf8Of(bytes.subarray(at, at + length)) === undefined ? 0 : length;
}
