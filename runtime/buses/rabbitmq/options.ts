import type { OptionSchema } from '#contract/bus.ts';
import { MOMENT_PATTERN } from '#kit/moment.ts';
import { TIMEOUT, durationOption, tlsOption } from '#kit/option-schema.ts';
import type { OptionsOf } from '../support/options-of.ts';

/** AMQP writes such a name with one byte for its length. */
const name = (description: string) => ({ type: 'string', minLength: 1, maxLength: 255, description }) as const;

const SERVER_URL = { type: 'string', pattern: '^amqps?://[^/]', examples: ['amqp://127.0.0.1:5672'] } as const;
const QUEUE_TYPE = { enum: ['classic', 'quorum', 'stream'] } as const;
const EXCHANGE_TYPE = { enum: ['direct', 'topic', 'headers', 'fanout'] } as const;

export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      anyOf: [SERVER_URL, { type: 'array', minItems: 1, items: SERVER_URL }],
      description:
        'amqp://HOST:PORT/VHOST, or amqps:// for TLS; without a path the virtual host is /. A list names several nodes of one cluster.',
    },
    username: { type: 'string', minLength: 1, description: 'User name, where it is not in url. Default: guest.' },
    password: { type: 'string', description: 'Password; best as env:NAME or file:PATH.' },
    external: {
      type: 'boolean',
      default: false,
      description:
        'Whether the client certificate says who we are (SASL EXTERNAL) instead of a user name; needs tls.cert.',
    },
    tls: tlsOption('For amqps://. The server is always verified.', 'the host of url'),
    management: {
      type: 'string',
      pattern: '^https?://[^/]',
      description:
        "URL of the server's management API. Given, the queue's settings and policies are looked at when the route starts, and what in them would drop messages is said.",
    },
    keepAlive: durationOption(
      '10s',
      { formatMaximum: '18h' },
      'Heartbeat, in whole seconds: silence of two to three of them ends the connection. 0s: none.',
    ),
    connectTimeout: durationOption(
      '10s',
      TIMEOUT,
      'How long one try to connect and to find queue or exchange may take.',
    ),
    create: {
      type: 'boolean',
      default: false,
      description:
        'Whether what is missing is declared, durable: the queue, the exchange where exchangeType says what it is, and the bindings. Otherwise nothing is created.',
    },
  },
} as const satisfies OptionSchema;

export const sourceSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    queue: name('Name of the queue or stream. Default where exchange is given: PIPELINE.ROUTE.'),
    exchange: name('Exchange that feeds the queue; the bindings are made under create.'),
    exchangeType: { ...EXCHANGE_TYPE, description: 'What the exchange is declared as where it is missing.' },
    bind: {
      type: 'array',
      minItems: 1,
      description:
        'What of the exchange comes to the queue: routing keys, in topic exchanges with * and #, or headers.',
      items: {
        anyOf: [
          {
            type: 'object',
            additionalProperties: false,
            required: ['routingKey'],
            properties: { routingKey: { type: 'string', maxLength: 255, description: 'Routing key or pattern.' } },
          },
          {
            type: 'object',
            additionalProperties: false,
            required: ['headers'],
            properties: {
              headers: {
                type: 'object',
                minProperties: 1,
                additionalProperties: { type: ['string', 'number', 'boolean'] },
                description: 'Headers that a message must have, with these values.',
              },
              match: { enum: ['all', 'any'], default: 'all', description: 'How many of the headers must fit.' },
            },
          },
        ],
      },
    },
    type: {
      ...QUEUE_TYPE,
      description:
        'What the queue is. A stream must be named one; a missing queue is declared as this, by default quorum.',
    },
    start: {
      anyOf: [
        { enum: ['first', 'last', 'next'] },
        {
          type: 'object',
          additionalProperties: false,
          required: ['offset'],
          properties: { offset: { type: 'integer', minimum: 0, description: 'Offset of the first message to read.' } },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['time'],
          properties: {
            time: {
              type: 'string',
              pattern: MOMENT_PATTERN,
              description:
                'Moment (RFC 3339) from which on messages are read, and what was written together with them.',
            },
          },
        },
      ],
      description:
        'Of a stream: where a route begins that has no place in it yet: first (default), last, next, { offset: N } or { time: T }.',
    },
    shared: {
      type: 'boolean',
      default: false,
      description:
        'Whether others may read the queue too: they divide the messages among them, and order is lost. A queue with a single active consumer needs it.',
    },
  },
} as const satisfies OptionSchema;

export const sinkSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    exchange: name('Exchange to publish to. The default exchange has no name: write queue instead.'),
    routingKey: {
      type: 'string',
      minLength: 1,
      description: 'Template of the routing key. Absent, it is empty: enough for fanout and headers exchanges.',
    },
    queue: { type: 'string', minLength: 1, description: 'Template of the queue to publish to, instead of exchange.' },
    exchangeType: { ...EXCHANGE_TYPE, description: 'What the exchange is declared as where it is missing.' },
    type: {
      ...QUEUE_TYPE,
      description:
        'What the queue is, or what is behind the exchange. A stream should be named one, for it keeps no lists in headers; a missing queue is declared as this, by default quorum.',
    },
    persistent: {
      type: 'boolean',
      default: true,
      description: 'Whether messages survive a restart of the server, in queues that do.',
    },
    priority: {
      type: 'integer',
      minimum: 0,
      maximum: 255,
      description:
        'Priority of every message, for queues with x-max-priority. Absent, it is carried from RabbitMQ to RabbitMQ.',
    },
    timeout: durationOption(
      '10s',
      TIMEOUT,
      'Silence after which confirmations that are still awaited are given up and the connection is made anew.',
    ),
  },
} as const satisfies OptionSchema;

/** `buses.NAME` with `bus: rabbitmq`. */
export type RabbitConnection = OptionsOf<typeof connectionSchema>;

/** `from` of a route. */
export type RabbitFrom = OptionsOf<typeof sourceSchema>;

/** `to` of a route. */
export type RabbitTo = OptionsOf<typeof sinkSchema>;

export type QueueType = NonNullable<RabbitFrom['type']>;
export type ExchangeType = NonNullable<RabbitFrom['exchangeType']>;

/** The condition under which an exchange routes a message to a queue: by routing key, or by headers. */
export type Binding = NonNullable<RabbitFrom['bind']>[number];

/** Where a stream is read from when the route has no place in it yet. */
export type Start = NonNullable<RabbitFrom['start']>;
