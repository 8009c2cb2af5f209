import { JSON_NUMBERS } from '#contract/codec.ts';
import { DEFAULTS } from './pipeline-fields.ts';
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
