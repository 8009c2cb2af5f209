import type { OptionSchema } from '#contract/bus.ts';
import type { OptionsOf } from '../support/options-of.ts';

export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['hub'],
  properties: { hub: { type: 'string', minLength: 1, description: 'Name of the hub within the process.' } },
} as const satisfies OptionSchema;

export const sourceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['addresses'],
  properties: {
    addresses: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description: 'Filters: `+` is one level, a last `#` any number of them.',
    },
  },
} as const satisfies OptionSchema;

export const sinkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['address'],
  properties: { address: { type: 'string', minLength: 1, description: 'Template of the address.' } },
} as const satisfies OptionSchema;

/** `buses.NAME` with `bus: memory`. */
export type MemoryConnection = OptionsOf<typeof connectionSchema>;

/** `from` of a route. */
export type MemoryFrom = OptionsOf<typeof sourceSchema>;

/** `to` of a route. */
export type MemoryTo = OptionsOf<typeof sinkSchema>;
