import type { Codec } from '#contract/codec.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

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
    return Buffer.from(body);
  },
};
