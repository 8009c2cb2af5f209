import { JSON_NUMBERS, type JsonNumbers } from '#contract/codec.ts';
import { own } from '#kit/json-value.ts';
import { DEFAULTS } from './field-defaults.ts';
import { mapSchema, nestedField } from './field.ts';
import { numberOr } from './values.ts';

/** `json` of a route. */
export const JSON_FIELDS = {
  numbers: nestedField({
    schema: {
      type: 'string',
      enum: [...JSON_NUMBERS],
      description: `What becomes of a number that a double does not hold. reject: the message is refused. exact: integers are bigints for functions, and other numbers keep their digits unless a function changes them. round: the nearest double. Default: ${DEFAULTS.jsonNumbers} where the route writes bodies anew; else its bytes pass as they came.`,
    },
    /** Undefined where the file does not say: reject, unless the route changes no body. */
    parse: (json): { readonly numbers: JsonNumbers | undefined } => ({
      numbers: JSON_NUMBERS.find((name) => name === own(json, 'numbers')),
    }),
    doc: '`numbers: reject | exact | round`: the rule for a number in JSON that a double does not hold. Where the file does not say, `reject` on a route that writes bodies anew.',
  }),
  depth: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: DEFAULTS.jsonDepth,
      default: DEFAULTS.jsonDepth,
      description: 'The most levels of objects and lists of a body.',
    },
    parse: (json) => ({ depth: numberOr(json, 'depth', DEFAULTS.jsonDepth) }),
    doc: '`depth`: the most levels of objects and lists of a body, 1000 unless said otherwise. A deeper one is a dead letter (`BODY_TOO_DEEP`).',
  }),
} as const;

export const JSON_SCHEMA = mapSchema(JSON_FIELDS, {
  minProperties: 1,
  description: 'How the json codec of the route reads and writes.',
});

/** The effect of a number that a double does not hold. */
export const NUMBERS_MEAN: Readonly<Record<JsonNumbers | 'unsaid', string>> = {
  unsaid:
    'where the route changes bodies a dead letter (NUMBER_UNSAFE), unless it says json: { numbers: exact }; else it passes digit for digit',
  reject:
    'where the route reads bodies a dead letter (NUMBER_UNSAFE); json: { numbers: exact } passes it on digit for digit',
  exact: 'it passes digit for digit unless a function changes it; functions see integers as bigints',
  round: 'where the route changes bodies it becomes the nearest double, and nothing tells',
};
