import type { Bus, OptionFlaw } from '#contract/bus.ts';
import { MOMENT_PATTERN } from '#kit/moment.ts';
import { TIMEOUT, durationOption } from '#kit/option-schema.ts';
import { startTimeFlaws } from '../../support/start-time.ts';
import { Link } from '../client/link.ts';
import { CONTROL } from '../header-names.ts';
import { headerSpelling } from '../header-spelling.ts';
import { openJetStreamSink } from './open-sink.ts';
import { JetStreamSource } from './source.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, JetStreamTo } from './options.ts';
import { connectionFlaws, connectionProperties } from '../options.ts';
import { servers, streamReads, streamWrites } from '../reach.ts';
import { filterFlaws, subjects } from '../subject.ts';
import { urls } from './end-urls.ts';
import { SINK_GUARANTEES, SOURCE_GUARANTEES } from './guarantees.ts';
import { opposite } from './opposite-ends.ts';
import { page } from './page.ts';

const STREAM = {
  type: 'string',
  // What NATS accepts as a name: it becomes a token of subjects and a folder.
  pattern: '^[^\\s.*>/\\\\]+$',
} as const;

/** NATS JetStream: streams that keep their messages. */
export const jetstream: Bus<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  name: 'jetstream',
  module: { file: 'buses/nats/jetstream/index.ts', exportName: 'jetstream' },
  page,
  grammar: subjects,
  urls,
  opposite,
  connectionSchema: {
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
  },
  sourceSchema: {
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
  },
  sinkSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['stream', 'subject'],
    properties: {
      stream: { ...STREAM, description: 'Name of the stream; it must take the subject.' },
      subject: { type: 'string', minLength: 1, description: 'Template of the subject to publish to.' },
      timeout: durationOption('5s', TIMEOUT, 'How long the stream may take to confirm a message.'),
    },
  },
  addressOptions: ['subject'],
  sourceGuarantees: () => SOURCE_GUARANTEES,
  sinkGuarantees: () => SINK_GUARANTEES,
  spelling: () => headerSpelling,
  readsHeader: (name) => !CONTROL.test(name),
  servers,
  reads: ({ end }) => streamReads(end),
  writes: ({ end }) => streamWrites(end),
  flaws(connection, end): OptionFlaw[] {
    const flaws = connectionFlaws(connection);
    if ('from' in end) flaws.push(...filterFlaws(end.from.subjects ?? []), ...startTimeFlaws(end.from.start));
    return flaws;
  },
  async openSource(options, context) {
    const source = new JetStreamSource(new Link(context), options, context);
    await source.open(options);
    return source;
  },
  openSink: openJetStreamSink,
};
