import type { Codec } from '#contract/codec.ts';

// A byte order mark is a character of the text: it goes out as it came in.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 text. */
export const text: Codec = {
  name: 'text',
  contentType: 'text/plain; charset=utf-8',
  decode(bytes) {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new Error('bytes that are not UTF-8');
    }
  },
  encode(body) {
    if (typeof body !== 'string') throw new Error(`a ${body === null ? 'null' : typeof body}`);
    // UTF-8 has no word for half a surrogate pair; the runtime would write another character without saying so.
    if (!body.isWellFormed()) throw new Error('text with half a surrogate pair');
    return Buffer.from(body);
  },
};
