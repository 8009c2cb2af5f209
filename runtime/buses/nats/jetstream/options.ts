import type { OptionSchema } from '#contract/bus.ts';
import { MOMENT_PATTERN } from '#kit/moment.ts';
import { TIMEOUT, durationOption } from '#kit/option-schema.ts';
import type { OptionsOf } from '../../support/options-of.ts';
import { connectionProperties } from '../options.ts';

const STREAM = {
  type: 'string',
  // What NATS accepts as a name: it becomes a token of subjects and a folder.
  pattern: '^[^\\s.*>/\\\\]+$',
} as const;

export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    ...connectionProperties,
    create: {
      type: 'boolean',
      default: false,
      description:
        "Whether a stream that is missing is made, with the subjects of all routes of the file that use it over this connection and the server's defaults. Otherwise nothing is created but the durable consumer of a source.",
    },
  },
} as const satisfies OptionSchema;

export const sourceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['stream'],
  properties: {
    stream: { ...STREAM, description: 'Name of the stream to read.' },
    subjects: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description:
        'Only these subjects of the stream; `*` is one token, a last `>` any number of them. They must not overlap.',
    },
    durable: {
      ...STREAM,
      description: "Name of the durable consumer that keeps the route's place. Default: pipeline and route.",
    },
    start: {
      anyOf: [
        { enum: ['all', 'new'] },
        {
          type: 'object',
          additionalProperties: false,
          required: ['sequence'],
          properties: {
            sequence: {
              type: 'integer',
              minimum: 1,
              description: 'Sequence in the stream of the first message to read.',
            },
          },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['time'],
          properties: {
            time: {
              type: 'string',
              pattern: MOMENT_PATTERN,
              description: 'Moment (RFC 3339) from which on messages are read.',
            },
          },
        },
      ],
      default: 'all',
      description:
        'Where the durable consumer begins when it is made: all, new, { sequence: N } or { time: T }. An existing one goes on from its place.',
    },
  },
} as const satisfies OptionSchema;

export const sinkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['stream', 'subject'],
  properties: {
    stream: { ...STREAM, description: 'Name of the stream; it must take the subject.' },
    subject: { type: 'string', minLength: 1, description: 'Template of the subject to publish to.' },
    timeout: durationOption('5s', TIMEOUT, 'How long the stream may take to confirm a message.'),
  },
} as const satisfies OptionSchema;

/** A connection that may make streams. */
export type JetStreamConnectionOptions = OptionsOf<typeof connectionSchema>;

/** What a route reads from a stream. */
export type JetStreamFrom = OptionsOf<typeof sourceSchema>;

/** Where a new durable consumer begins. */
export type Start = JetStreamFrom['start'];

/** Where a route publishes. */
export type JetStreamTo = OptionsOf<typeof sinkSchema>;
