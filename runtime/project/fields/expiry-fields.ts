import { isMap, own, type PlainMap } from '#kit/json-value.ts';
import { durationMs, SOME_DURATION_PATTERN } from '#kit/quantity.ts';
import type { JsonSchema } from '../json-schema.ts';
import { mapSchema, nestedField, parseMap } from './field.ts';
import { text } from './values.ts';

const LIFETIME = {
  type: 'string',
  pattern: SOME_DURATION_PATTERN,
  formatMaximum: '3650d',
  examples: ['30s'],
} as const;

/** `expires` of a source as a map. */
export const EXPIRES_FIELDS = {
  after: nestedField({
    schema: { ...LIFETIME, description: 'How long.' },
    parse: (expires) => ({ expiresMs: durationMs(text(expires, 'after')) }),
    doc: '`after`: how long.',
  }),
  of: nestedField({
    schema: {
      type: 'string',
      enum: ['publisher'],
      description: 'Only a time of the publisher counts: a message without one is a dead letter.',
    },
    parse: (expires) => ({ expiresOfPublisher: own(expires, 'of') === 'publisher' }),
    doc: "`of: publisher`: only the publisher's time counts. A message without one is a dead letter (`TIMESTAMP_MISSING`).",
  }),
} as const;

/** `expires` of a source: a duration, or one that counts from the publisher's time alone. */
export const EXPIRES_SCHEMA: JsonSchema = {
  description:
    'How long after it was made, or else read, a message may still be sent; check says from which time that counts. A shorter expiry that the bus carries wins.',
  examples: ['30s'],
  anyOf: [LIFETIME, mapSchema(EXPIRES_FIELDS, { required: ['after', 'of'] })],
};

/** `expiresOfPublisher`: only the publisher's time counts, and a message without one is not sent. */
export function parseExpires(from: PlainMap): {
  readonly expiresMs: number | undefined;
  readonly expiresOfPublisher: boolean;
} {
  const given = own(from, 'expires');
  if (isMap(given)) return parseMap(EXPIRES_FIELDS, given, {});
  return { expiresMs: given === undefined ? undefined : durationMs(text(from, 'expires')), expiresOfPublisher: false };
}
