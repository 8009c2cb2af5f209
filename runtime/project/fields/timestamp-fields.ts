import { TIME_UNIT_NAMES, TIME_UNITS } from '#kit/time-unit.ts';
import type { JsonSchema } from '../json-schema.ts';

const TEMPLATE = { type: 'string', minLength: 1, examples: ['{body.time}'] } as const;

/** `timestamp` of a source: a template, or one with the unit of its numbers. */
export const TIMESTAMP_SCHEMA: JsonSchema = {
  description:
    'Template of the time at which the message was made: RFC 3339, or milliseconds since 1970, from March of 1973 on; other numbers need their unit. Expiry counts from it.',
  examples: ['{body.time}'],
  anyOf: [
    TEMPLATE,
    {
      type: 'object',
      additionalProperties: false,
      required: ['of', 'unit'],
      properties: {
        of: { ...TEMPLATE, description: 'The template.' },
        unit: {
          type: 'string',
          enum: TIME_UNITS,
          description: `What a number counts since 1970: ${TIME_UNITS.map((unit) => `${unit} ${TIME_UNIT_NAMES[unit]}`).join(', ')}. Cut off to the millisecond. RFC 3339 is taken as well.`,
        },
      },
    },
  ],
};
