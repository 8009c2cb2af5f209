import type { OptionSchema } from '#contract/bus.ts';
import { MOMENT_PATTERN } from '#kit/moment.ts';
import { TIMEOUT, durationOption, sizeOption, textOption, tlsOption } from '#kit/option-schema.ts';
import type { OptionsOf } from '../support/options-of.ts';
import { BROKER_PATTERN } from './seed-broker.ts';

export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['brokers'],
  properties: {
    brokers: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: BROKER_PATTERN, examples: ['kafka-1.example:9092'] },
      description:
        'Where the cluster is asked for its servers: HOST:PORT of one or more of them, an IPv6 address in brackets.',
    },
    clientId: {
      type: 'string',
      minLength: 1,
      default: 'sluice',
      description: "What the servers' logs and quotas call the client.",
    },
    sasl: {
      type: 'object',
      additionalProperties: false,
      required: ['mechanism'],
      description: 'Who the client is. Without tls, plain sends the password in clear.',
      properties: {
        mechanism: {
          enum: ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
          description: 'plain and scram need username and password; oauthbearer needs tokenFile or token.',
        },
        username: textOption('Name of the user.'),
        password: textOption('Password of the user; best as env:NAME or file:PATH.'),
        token: textOption('Bearer token; best as file:PATH, which is read at every authentication.'),
        tokenFile: textOption(
          'Path of a file that holds the bearer token. It is read at every authentication, so that the token may be renewed.',
        ),
      },
    },
    tls: tlsOption(
      'Given, even as {}: the connection is encrypted and the server verified.',
      'the host that it announces',
    ),
    connectTimeout: durationOption('10s', TIMEOUT, 'How long one try to connect to a server may take.'),
    create: {
      type: 'boolean',
      default: false,
      description: "Whether a topic that is missing is made, with the server's defaults. Otherwise nothing is created.",
    },
  },
} as const satisfies OptionSchema;

export const sourceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['topics'],
  properties: {
    topics: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', minLength: 1 },
      description: 'Names of topics. There are no patterns.',
    },
    group: textOption('Consumer group that keeps the place of the route. Default: PIPELINE-ROUTE.'),
    start: {
      anyOf: [
        { enum: ['earliest', 'latest'] },
        {
          type: 'object',
          additionalProperties: false,
          required: ['time'],
          properties: {
            time: {
              type: 'string',
              pattern: MOMENT_PATTERN,
              description: 'Moment (RFC 3339): of each partition, the first message that is not older.',
            },
          },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['offset'],
          properties: {
            offset: {
              type: 'integer',
              minimum: 0,
              maximum: Number.MAX_SAFE_INTEGER,
              description: 'Offset of the first message, the same in each partition.',
            },
          },
        },
      ],
      default: 'earliest',
      description:
        'Where a new group begins: earliest, latest, { time: T } or { offset: N }. A group that has committed goes on from there; to read again, name a new group.',
    },
    order: {
      enum: ['key', 'partition'],
      default: 'key',
      description:
        'key: messages of one key keep their order, others overtake. partition: all of a partition keep theirs.',
    },
    instance: textOption(
      'Name of this process within its group, of which no two are alike: it keeps its partitions over a stop, for as long as sessionTimeout. Default: an id from the state folder, which leaves at a stop.',
    ),
    sessionTimeout: durationOption(
      '15s',
      { formatMinimum: '1s', formatMaximum: '1d' },
      'Silence after which the group gives the partitions of this process to others.',
    ),
    rebalanceTimeout: durationOption(
      '60s',
      { formatMinimum: '1s', formatMaximum: '1d' },
      'How long members of the group have to join again when one comes or goes. Half of it is for what is in flight.',
    ),
    maxBytesPerPartition: sizeOption(
      '1MiB',
      { formatMinimum: '1KiB', formatMaximum: '1GiB' },
      'How much of one partition is asked for at once, and about as much is kept ready.',
    ),
    maxCommitMetadata: sizeOption(
      '4000B',
      { formatMinimum: '0B', formatMaximum: '32KiB' },
      "Bound of the metadata of a partition's commit, which holds what is settled behind the offset. The server's is offset.metadata.max.bytes.",
    ),
  },
} as const satisfies OptionSchema;

export const sinkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['topic'],
  properties: {
    topic: {
      type: 'string',
      minLength: 1,
      description: 'Template of the topic. Values are encoded: none can make another topic than the template shows.',
    },
    partition: {
      type: 'integer',
      minimum: 0,
      maximum: 2_147_483_647,
      description: "The one partition to write to. Default: by the key, as Kafka's own clients choose it.",
    },
    compression: {
      enum: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
      default: 'none',
      description: 'How batches are compressed.',
    },
    linger: durationOption(
      '0ms',
      { formatMaximum: '1m' },
      'How long a batch waits for more. Without it what comes while one batch is under way makes up the next.',
    ),
    batchBytes: sizeOption(
      '512KiB',
      { formatMaximum: '1GiB' },
      'Size from which a batch takes no more. A larger message travels alone.',
    ),
    timeout: durationOption('15s', TIMEOUT, 'How long the cluster may take to confirm a batch.'),
  },
} as const satisfies OptionSchema;

/** `buses.NAME` with `bus: kafka`. */
export type KafkaConnection = OptionsOf<typeof connectionSchema>;

/** `from` of a route. */
export type KafkaFrom = OptionsOf<typeof sourceSchema>;

/** `to` of a route. */
export type KafkaTo = OptionsOf<typeof sinkSchema>;

/** Where a group begins in a partition in which it has committed nothing. */
export type Start = KafkaFrom['start'];

export type CompressionName = KafkaTo['compression'];
