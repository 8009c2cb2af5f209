import type { LetterBounds } from '#contract/dead-letter.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { durationMs, LARGEST_STORE, sizeBytes, SOME_DURATION_PATTERN, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { DEFAULTS } from './field-defaults.ts';
import type { JsonSchema } from '../json-schema.ts';
import { numberOr, optional } from './values.ts';

/** `deadLetter` of a route as a map without a bus: how much the local store keeps. */
export const LOCAL_DEAD_LETTERS_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'How many dead letters of this route the local store keeps, and what happens at that bound.',
  properties: {
    max: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      default: DEFAULTS.lettersMax,
      description: 'Letters kept.',
    },
    bytes: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      formatMaximum: LARGEST_STORE,
      default: DEFAULTS.lettersBytes,
      description: 'Bytes of bodies, headers and error texts kept.',
    },
    age: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMaximum: '3650d',
      format: 'duration',
      default: DEFAULTS.lettersAge,
      description: 'How long a letter is kept; then it is removed, counted and logged.',
    },
    full: {
      type: 'string',
      enum: ['pause', 'oldest'],
      default: DEFAULTS.lettersFull,
      description: 'At the bound: pause, the route waits for room; oldest, the oldest letter gives way.',
    },
  },
};

export function parseDeadLetterBounds(local: PlainMap): LetterBounds {
  return {
    max: numberOr(local, 'max', DEFAULTS.lettersMax),
    bytes: sizeBytes(optional(local, 'bytes') ?? DEFAULTS.lettersBytes),
    ageMs: durationMs(optional(local, 'age') ?? DEFAULTS.lettersAge),
    full: optional(local, 'full') === 'oldest' ? 'oldest' : DEFAULTS.lettersFull,
  };
}
