import type { OptionSchema } from '#contract/bus.ts';

export interface MemoryConnection {
  readonly hub: string;
}
export interface MemoryFrom {
  readonly addresses: readonly string[];
}
export interface MemoryTo {
  readonly address: string;
}

export const connectionSchema: OptionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['hub'],
  properties: { hub: { type: 'string', minLength: 1, description: 'Name of the hub within the process.' } },
};

export const sourceSchema: OptionSchema = {
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
};

export const sinkSchema: OptionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['address'],
  properties: { address: { type: 'string', minLength: 1, description: 'Template of the address.' } },
};
