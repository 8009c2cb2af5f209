import { JSON_NUMBERS, type JsonNumbers } from '#contract/codec.ts';
import { DEFAULTS } from './field-defaults.ts';
import type { JsonSchema } from '../json-schema.ts';

/** `json` of a route. */
export const JSON_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'How the json codec of the route reads and writes.',
  properties: {
    numbers: {
      type: 'string',
      enum: [...JSON_NUMBERS],
      description: `What becomes of a number that a double does not hold. reject: the message is refused. exact: integers are bigints for functions, and other numbers keep their digits unless a function changes them. round: the nearest double. Default: ${DEFAULTS.jsonNumbers} where the route writes bodies anew; else its bytes pass as they came.`,
    },
  },
};

/** The effect of a number that a double does not hold. */
export const NUMBERS_MEAN: Readonly<Record<JsonNumbers | 'unsaid', string>> = {
  unsaid:
    'where the route changes bodies a dead letter (NUMBER_UNSAFE), unless it says json: { numbers: exact }; else it passes digit for digit',
  reject:
    'where the route reads bodies a dead letter (NUMBER_UNSAFE); json: { numbers: exact } passes it on digit for digit',
  exact: 'it passes digit for digit unless a function changes it; functions see integers as bigints',
  round: 'where the route changes bodies it becomes the nearest double, and nothing tells',
};
