import { isMap, own, type PlainMap } from '#kit/json-value.ts';
import { TIME_UNIT_NAMES, TIME_UNITS, type TimeUnit } from '#kit/time-unit.ts';
import type { JsonSchema } from '../json-schema.ts';
import { mapSchema, nestedField, parseMap } from './field.ts';
import { text } from './values.ts';

const TEMPLATE = { type: 'string', minLength: 1, examples: ['{body.time}'] } as const;

/** `timestamp` of a source as a map. */
export const TIMESTAMP_FIELDS = {
  of: nestedField({
    schema: { ...TEMPLATE, description: 'The template.' },
    parse: (timestamp) => ({ of: text(timestamp, 'of') }),
    doc: '`of`: the template.',
  }),
  unit: nestedField({
    schema: {
      type: 'string',
      enum: TIME_UNITS,
      description: `What a number counts since 1970: ${TIME_UNITS.map((unit) => `${unit} ${TIME_UNIT_NAMES[unit]}`).join(', ')}. Cut off to the millisecond. RFC 3339 is taken as well.`,
    },
    parse: (timestamp) => ({ unit: TIME_UNITS.find((unit) => unit === own(timestamp, 'unit')) }),
    doc: '`unit: s | ms | us | ns`: the unit of its numbers, seconds (with a fraction or without), milliseconds, microseconds or nanoseconds.',
  }),
} as const;

export interface TimestampSpec {
  /** Template. */
  readonly of: string;
  /** Of its numbers. Undefined where the file states none: then they are milliseconds, and implausible ones are refused. */
  readonly unit: TimeUnit | undefined;
}

/** `timestamp` of a source: a template, or one with the unit of its numbers. */
export const TIMESTAMP_SCHEMA: JsonSchema = {
  description:
    'Template of the time at which the message was made: RFC 3339, or milliseconds since 1970, from March 1973 on; other numbers need their unit. Expiry counts from it.',
  examples: ['{body.time}'],
  anyOf: [TEMPLATE, mapSchema(TIMESTAMP_FIELDS, { required: ['of', 'unit'] })],
};

export function parseTimestamp(from: PlainMap): { readonly timestamp: TimestampSpec | undefined } {
  const given = own(from, 'timestamp');
  if (given === undefined) return { timestamp: undefined };
  if (isMap(given)) return { timestamp: parseMap(TIMESTAMP_FIELDS, given, {}) };
  return { timestamp: { of: text(from, 'timestamp'), unit: undefined } };
}
