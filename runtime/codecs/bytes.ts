import type { Codec } from '#contract/codec.ts';

/** The bytes themselves, as a Uint8Array. */
export const bytes: Codec = {
  name: 'bytes',
  contentType: 'application/octet-stream',
  decode: (body) => body,
  encode(body) {
    if (!(body instanceof Uint8Array)) throw new Error(`a ${body === null ? 'null' : typeof body}`);
    return body;
  },
};
