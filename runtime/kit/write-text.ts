const SHORT = 64;
const LAST_ASCII = 127;

/**
 * Writes a text in UTF-8, and returns its end. `into` must have room for 64 bytes; a longer text that does not fit is cut at a
 * character. Most texts are short and ASCII: then a loop costs less than the call of Buffer.write.
 */
export function writeText(into: Buffer, at: number, text: string): number {
  if (text.length > SHORT) return at + into.write(text, at);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > LAST_ASCII) return at + into.write(text, at);
    into[at + index] = code;
  }
  return at + text.length;
}
