import type { OptionSchema } from '#contract/bus.ts';
import { TIMEOUT, durationOption, tlsOption } from '#kit/option-schema.ts';
import type { OptionsOf } from '../support/options-of.ts';

export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      type: 'string',
      pattern: '^(mqtt|mqtts|ws|wss)://[^/]',
      description: 'mqtt://HOST:PORT, mqtts:// for TLS, ws:// or wss:// with a path for WebSockets.',
    },
    protocol: {
      enum: ['5', '3.1.1'],
      default: '5',
      description:
        'MQTT version. 3.1.1 carries no headers, no expiry and no content type, and does not say when a publish is denied.',
    },
    username: { type: 'string', minLength: 1, description: 'User name.' },
    password: { type: 'string', description: 'Password; best as env:NAME or file:PATH.' },
    clientId: {
      type: 'string',
      minLength: 1,
      default: 'sluice',
      description:
        'What the client id begins with. Pipeline, route and direction follow, so that it is the same after a restart and finds its session.',
    },
    keepAlive: durationOption(
      '20s',
      { formatMaximum: '18h' },
      'Silence after which the connection is tested; 1.5 times as long without an answer ends it. 0s: never.',
    ),
    connectTimeout: durationOption('30s', TIMEOUT, 'How long one try to connect may take.'),
    tls: tlsOption('For mqtts:// and wss://. The server is always verified.', 'the host of url'),
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
      description: 'Topic filters: + is one level, a last # any number of levels.',
    },
    qos: {
      type: 'integer',
      minimum: 0,
      maximum: 2,
      default: 1,
      description: '1: at least once. 0: at most once. 2 is refused: the client would lose messages in a crash.',
    },
    shared: {
      type: 'string',
      pattern: '^[^/+#]+$',
      description: 'Group of a shared subscription: the members divide the messages among them, and order is lost.',
    },
    session: durationOption(
      '1d',
      { formatMaximum: '3650d' },
      'How long the server keeps what arrives while the bridge is away. 0s: not at all.',
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
      description: 'Template of the topic. Values are percent-encoded: none can add a level.',
    },
    qos: {
      type: 'integer',
      minimum: 0,
      maximum: 2,
      default: 1,
      description:
        '1: confirmed by the server. 0: confirmed once written to the connection. 2 is refused: it adds nothing here.',
    },
    retain: {
      type: 'boolean',
      default: false,
      description: 'Whether the server keeps the last message of each topic for later subscribers.',
    },
    timeout: durationOption(
      '10s',
      TIMEOUT,
      'Silence after which confirmations that are still awaited are given up and the connection is made anew.',
    ),
  },
} as const satisfies OptionSchema;

/** `buses.NAME` with `bus: mqtt`. */
export type MqttConnection = OptionsOf<typeof connectionSchema>;

/** `from` of a route. QoS 2 passes the schema only to be refused by `flaws` with its reason. */
export type MqttFrom = OptionsOf<typeof sourceSchema>;

/** `to` of a route. */
export type MqttTo = OptionsOf<typeof sinkSchema>;
