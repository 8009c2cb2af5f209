import { SOME_DURATION_PATTERN } from '#kit/quantity.ts';
import type { JsonSchema } from '../json-schema.ts';

const LIFETIME = {
  type: 'string',
  pattern: SOME_DURATION_PATTERN,
  formatMaximum: '3650d',
  examples: ['30s'],
} as const;

/** `expires` of a source: a duration, or one that counts from the publisher's time alone. */
export const EXPIRES_SCHEMA: JsonSchema = {
  description:
    'How long after it was made, or else read, a message may still be sent; check says from which time that counts. A shorter expiry that the bus carries wins.',
  examples: ['30s'],
  anyOf: [
    LIFETIME,
    {
      type: 'object',
      additionalProperties: false,
      required: ['after', 'of'],
      properties: {
        after: { ...LIFETIME, description: 'How long.' },
        of: {
          type: 'string',
          enum: ['publisher'],
          description: 'Only a time of the publisher counts: a message without one is a dead letter.',
        },
      },
    },
  ],
};
