import type { CodecKind } from '#contract/codec.ts';

// A byte order mark is a character of the text: it goes out as it came in.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 text. */
export const text: CodecKind = {
  name: 'text',
  contentType: 'text/plain; charset=utf-8',
  description: 'A text in UTF-8: a `string`.',
  mediaTypes: ['text/*'],
  hasFields: false,
  decode(bytes) {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new Error('bytes that are not UTF-8');
    }
  },
  encode(body) {
    if (typeof body !== 'string') throw new Error(`a ${body === null ? 'null' : typeof body}`);
    // UTF-8 cannot encode half a surrogate pair; the runtime would silently write another character.
    if (!body.isWellFormed()) throw new Error('text with half a surrogate pair');
    return Buffer.from(body);
  },
};
