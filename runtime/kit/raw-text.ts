const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ESCAPED = /[\udc80-\udcff]/;
const FIRST = 0xdc00;

/**
 * Bytes as text, without loss: UTF-8 is decoded, and each byte that is no UTF-8 becomes a lone surrogate U+DC80 to U+DCFF
 * (as in PEP 383), which no UTF-8 text holds. `bytesOfText` is the inverse.
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
  // A UTF-16 code unit takes three bytes at most.
  const bytes = Buffer.allocUnsafe(text.length * 3);
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    // By code point: the second half of a surrogate pair is in the same range and is no escaped byte.
    const code = text.codePointAt(at) ?? 0;
    if (code > 0xffff) at += 1;
    end = code >= FIRST + 0x80 && code <= FIRST + 0xff ? bytes.writeUInt8(code - FIRST, end) : encode(code, bytes, end);
  }
  return bytes.subarray(0, end);
}

/** Writes one code point as UTF-8 and returns its end. A lone surrogate becomes U+FFFD. */
function encode(code: number, bytes: Buffer, start: number): number {
  if (code >= 0xd800 && code <= 0xdfff) return encode(0xfffd, bytes, start);
  if (code < 0x80) return bytes.writeUInt8(code, start);
  const more = code < 0x800 ? 1 : code < 0x1_0000 ? 2 : 3;
  bytes[start] = ((0xff00 >> (more + 1)) & 0xff) | (code >> (6 * more));
  for (let left = more - 1, at = start + 1; left >= 0; left -= 1, at += 1)
    bytes[at] = 0x80 | ((code >> (6 * left)) & 0x3f);
  return start + more + 1;
}

/** Takes time linear in the length, whatever the bytes are: any publisher may send a megabyte of them. */
function escaped(bytes: Uint8Array): string {
  // In UTF-16 no character has more code units than bytes in UTF-8.
  const units = Buffer.allocUnsafe(bytes.length * 2);
  let end = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    const code = length === 0 ? FIRST + (bytes[at] ?? 0) : decode(bytes, at, length);
    if (code > 0xffff) end = units.writeUInt16LE(0xd800 + ((code - 0x1_0000) >> 10), end);
    end = units.writeUInt16LE(code > 0xffff ? 0xdc00 + ((code - 0x1_0000) & 0x3ff) : code, end);
    at += Math.max(1, length);
  }
  return units.toString('utf16le', 0, end);
}

function decode(bytes: Uint8Array, start: number, length: number): number {
  const lead = bytes[start] ?? 0;
  let code = length === 1 ? lead : lead & (0x7f >> length);
  for (let at = start + 1; at < start + length; at += 1) code = (code << 6) | ((bytes[at] ?? 0) & 0x3f);
  return code;
}

/** The number of bytes of the character at this position; 0 where there is none (Unicode, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const second = bytes[at + 1] ?? 0;
  // No overlong form, no surrogate, nothing beyond the last plane.
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let next = at + 2; next < at + length; next += 1) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
