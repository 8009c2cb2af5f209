import type { CodecKind } from '#contract/codec.ts';

/** The bytes themselves, as a Uint8Array. */
export const bytes: CodecKind = {
  name: 'bytes',
  contentType: 'application/octet-stream',
  description: 'The bytes themselves: a `Uint8Array`.',
  mediaTypes: ['application/octet-stream'],
  hasFields: false,
  decode: (body) => body,
  encode(body) {
    if (!(body instanceof Uint8Array)) throw new Error(`a ${body === null ? 'null' : typeof body}`);
    return body;
  },
};
