import type { LetterBounds } from '#contract/dead-letter.ts';
import { own, type PlainMap } from '#kit/json-value.ts';
import { durationMs, LARGEST_STORE, sizeBytes, SOME_DURATION_PATTERN, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { DEFAULTS } from './field-defaults.ts';
import { mapSchema, nestedField, parseMap } from './field.ts';
import { numberOr, optional } from './values.ts';

const AT_BOUND = ['pause', 'oldest'] as const;

/** `deadLetter` of a route as a map without a bus: how much the local store keeps. */
export const LOCAL_DEAD_LETTER_FIELDS = {
  max: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      default: DEFAULTS.lettersMax,
      description: 'Letters kept.',
    },
    parse: (local) => ({ max: numberOr(local, 'max', DEFAULTS.lettersMax) }),
    doc: '`max`: dead letters kept, 100000 unless said otherwise.',
  }),
  bytes: nestedField({
    schema: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      formatMaximum: LARGEST_STORE,
      default: DEFAULTS.lettersBytes,
      description: 'Bytes of bodies, headers and error texts kept.',
    },
    parse: (local) => ({ bytes: sizeBytes(optional(local, 'bytes') ?? DEFAULTS.lettersBytes) }),
    doc: '`bytes`: bytes of bodies, headers and error texts kept, `1GiB` unless said otherwise.',
  }),
  age: nestedField({
    schema: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMaximum: '3650d',
      format: 'duration',
      default: DEFAULTS.lettersAge,
      description: 'How long a letter is kept; then it is removed, counted and logged.',
    },
    parse: (local) => ({ ageMs: durationMs(optional(local, 'age') ?? DEFAULTS.lettersAge) }),
    doc: '`age`: how long a dead letter is kept, `30d` unless said otherwise. It is then removed, counted and logged.',
  }),
  full: nestedField({
    schema: {
      type: 'string',
      enum: [...AT_BOUND],
      default: DEFAULTS.lettersFull,
      description: 'At the bound: pause, the route waits for room; oldest, the oldest letter gives way.',
    },
    parse: (local) => ({ full: AT_BOUND.find((name) => name === own(local, 'full')) ?? DEFAULTS.lettersFull }),
    doc: '`full: pause | oldest`: at a bound the route waits for room (`pause`, the default), or the oldest dead letter is removed (`oldest`).',
  }),
} as const;

export const LOCAL_DEAD_LETTERS_SCHEMA = mapSchema(LOCAL_DEAD_LETTER_FIELDS, {
  description: 'How many dead letters of this route the local store keeps, and what happens at that bound.',
});

export function parseDeadLetterBounds(local: PlainMap): LetterBounds {
  return parseMap(LOCAL_DEAD_LETTER_FIELDS, local, {});
}
