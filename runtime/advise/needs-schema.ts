import { DURATION_PATTERN, RATE_PATTERN, SIZE_PATTERN } from '#kit/quantity.ts';
import type { JsonSchema } from '../project/json-schema.ts';
import { BUSES, LINKS, MESSAGE_KINDS, MESSAGES, SURVIVES } from './needs.ts';

/** As a JSON Schema `pattern`: `9600bit/s 64kbit/s 2Mbit/s`. */
export const BANDWIDTH_PATTERN = '^0*[1-9][0-9]*(bit|kbit|Mbit)/s$';
const NAME = '^[a-z][a-z0-9-]*$';
const FOREVER = 'forever';

function duration(description: string): JsonSchema {
  return { type: 'string', pattern: DURATION_PATTERN, formatMaximum: '3650d', description };
}

function side(who: string): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    description: `The place of the ${who}. Without a word of its own it uses the bus of the other side.`,
    properties: {
      on: { enum: BUSES, description: 'The bus that is there already and stays. Absent: one is advised.' },
      devices: { type: 'integer', minimum: 0, description: 'How many small clients connect by themselves.' },
      link: { enum: LINKS, description: 'The link between this place and the rest; lan unless said otherwise.' },
      bandwidth: {
        type: 'string',
        pattern: BANDWIDTH_PATTERN,
        examples: ['64kbit/s'],
        description: 'What the link carries.',
      },
      outage: duration('The longest outage of the link that is expected.'),
      domain: {
        type: 'string',
        pattern: NAME,
        maxLength: 40,
        examples: ['high'],
        description: 'The security domain of this place.',
      },
    },
  };
}

const NEED: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'message'],
  properties: {
    name: {
      type: 'string',
      pattern: NAME,
      maxLength: 40,
      examples: ['positions'],
      description: 'The name of the route.',
    },
    message: {
      enum: MESSAGE_KINDS,
      description: Object.entries(MESSAGES)
        .map(([kind, meaning]) => `${kind}: ${meaning}`)
        .join('. '),
    },
    rate: { type: 'string', pattern: RATE_PATTERN, description: 'Messages a second, of all producers together.' },
    size: { type: 'string', pattern: SIZE_PATTERN, formatMaximum: '1GiB', description: 'Of one message.' },
    latency: duration('How long a message may take from producer to consumer.'),
    survives: {
      enum: SURVIVES,
      description: 'What a confirmed message survives: the crash of a server, a power cut, the loss of a server.',
    },
    keep: {
      anyOf: [duration('How far back readers may go.'), { const: FOREVER }],
      description: 'How far back readers may go; not at all unless said otherwise.',
    },
    order: {
      enum: ['none', 'key', 'all'],
      description: 'Which messages keep their order; of one key unless said otherwise.',
    },
    readers: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description: 'Groups of readers that each get every message.',
    },
    workers: { type: 'boolean', description: 'Whether the readers of one group divide the messages among them.' },
    replies: { type: 'boolean', description: 'Whether the sender waits for an answer.' },
    routing: { type: 'boolean', description: 'Whether the bus routes by headers, patterns or priority.' },
    expires: {
      type: 'string',
      pattern: '^0*[1-9][0-9]*(ms|s|m|h|d)$',
      formatMaximum: '3650d',
      description: 'After which time a message is worth nothing.',
    },
    owner: {
      enum: ['producers', 'consumers', 'both'],
      description: 'Who is authoritative for what the messages are about; the producers unless said otherwise.',
    },
    producers: side('producers'),
    consumers: side('consumers'),
  },
};

/** The JSON Schema of a needs file. */
export const NEEDS_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'needs'],
  properties: {
    name: {
      type: 'string',
      pattern: NAME,
      maxLength: 64,
      examples: ['fleet'],
      description: 'The name of the pipeline.',
    },
    have: { type: 'array', items: { enum: BUSES }, description: 'The buses that you operate already.' },
    labels: { type: 'boolean', description: 'Whether messages carry classification labels.' },
    needs: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: NEED,
      description: 'One item for each kind of messages.',
    },
  },
};
