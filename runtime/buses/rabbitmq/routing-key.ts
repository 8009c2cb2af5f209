import type { AddressGrammar } from '#contract/bus.ts';
import { levelCodec } from '#kit/level-codec.ts';

const IN_A_WORD = /[.*#]/;
const ILL_FORMED = /\p{Cs}/u;

/** AMQP's short strings have one byte for their length. */
export const MAX_SHORT_BYTES = 255;

/** Whether `text` fits into a short string of AMQP: routing key, message id, content type and others. */
export function isShort(text: string): boolean {
  // A UTF-16 unit takes at most three bytes.
  return text.length * 3 <= MAX_SHORT_BYTES || Buffer.byteLength(text) <= MAX_SHORT_BYTES;
}

const codec = levelCodec({ escape: '%', refused: IN_A_WORD, hasEmpty: true });

/** Routing keys to publish with, and names of queues, which are routing keys of the default exchange. */
export const routingKeys: AddressGrammar = {
  word: 'routingKey',
  separator: '.',
  encoding: '., *, # and control characters are percent-encoded, and decoded where a word is read',
  ...codec,
  flaw(key) {
    if (ILL_FORMED.test(key)) return 'what is no character in Unicode';
    return isShort(key) ? undefined : `more than ${MAX_SHORT_BYTES} bytes`;
  },
};
