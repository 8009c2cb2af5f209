import type { OptionSchema } from '#contract/bus.ts';
import { TIMEOUT, durationOption } from '#kit/option-schema.ts';
import type { OptionsOf } from '../../support/options-of.ts';

export const sourceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['subjects'],
  properties: {
    subjects: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description: 'Subjects to read; `*` is one token, a last `>` any number of them. They must not overlap.',
    },
    queue: {
      type: 'string',
      pattern: '^[^\\s.*>]+$',
      description: 'Queue group: each message goes to one of the subscribers that name the same group.',
    },
  },
} as const satisfies OptionSchema;

export const sinkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['subject'],
  properties: {
    subject: { type: 'string', minLength: 1, description: 'Template of the subject to publish to.' },
    timeout: durationOption('5s', TIMEOUT, 'How long the server may take to confirm.'),
  },
} as const satisfies OptionSchema;

/** What a route reads from core NATS. */
export type CoreFrom = OptionsOf<typeof sourceSchema>;

/** Where a route publishes on core NATS. */
export type CoreTo = OptionsOf<typeof sinkSchema>;
