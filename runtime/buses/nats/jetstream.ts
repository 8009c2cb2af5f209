import type { Bus, Guarantees, OptionFlaw } from '#contract/bus.ts';
import { MOMENT_PATTERN } from '#kit/moment.ts';
import { TIMEOUT, durationOption } from '#kit/option-schema.ts';
import { startTimeFlaws } from '#kit/start-time.ts';
import { Link } from './connect.ts';
import { CONTROL } from './header-names.ts';
import { headerSpelling } from './header-spelling.ts';
import { openJetStreamSink } from './jetstream-open-sink.ts';
import { JetStreamSource } from './jetstream-source.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, JetStreamTo } from './jetstream-options.ts';
import { connectionFlaws, connectionProperties } from './options.ts';
import { servers, streamReads, streamWrites } from './reach.ts';
import { filterFlaws, subjects } from './subject.ts';

const CARRIES = {
  stamps: 'server',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
} as const;

const READ: Guarantees = {
  ...CARRIES,
  confirms: 'stored',
  redelivers: true,
  ordered: 'address',
  deduplicates: false,
  recoversIds: false,
  notes: [
    'in the order of the stream, with one process a durable consumer: a second one that names the same durable makes both start over',
    'after a crash what was not yet acknowledged comes again, and what was acknowledged behind it',
  ],
};

const WRITTEN: Guarantees = {
  ...CARRIES,
  confirms: 'stored',
  redelivers: false,
  ordered: 'address',
  deduplicates: true,
  recoversIds: true,
  notes: [
    'a stream removes duplicates by message id within its duplicate_window (2 minutes unless the stream says otherwise): for a longer outage a route that starts reads back what it wrote last, and sends none of that again',
    'stored means written by one server and not yet synced to its disk, unless the server sets sync_interval: always; a memory stream is less, several replicas are more',
  ],
};

const STREAM = {
  type: 'string',
  // What NATS accepts as a name: it becomes a token of subjects and a folder.
  pattern: '^[^\\s.*>/\\\\]+$',
} as const;

/** NATS JetStream: streams that keep their messages. */
export const jetstream: Bus<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  name: 'jetstream',
  grammar: subjects,
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
  sourceGuarantees: () => READ,
  sinkGuarantees: () => WRITTEN,
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
