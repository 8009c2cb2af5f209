import type { Bus, OptionSchema } from '#contract/bus.ts';
import { DURATION_PATTERN } from '#kit/quantity.ts';
import { LEVELS, patternOf } from '#kit/address-pattern.ts';
import { levelCodec } from '#kit/level-codec.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { StageKind } from '#contract/stage-kind.ts';

/**
 * A catalog that stays as it is, whatever the real drivers learn: the checker's laws hold for any. The real one is
 * judged in catalog.test.ts.
 */

const text = { type: 'string', minLength: 1 } as const;
const duration = { type: 'string', pattern: DURATION_PATTERN } as const;

function schema(required: readonly string[], properties: Record<string, object>): OptionSchema {
  return { type: 'object', additionalProperties: false, required, properties };
}

const TLS = { type: 'object', additionalProperties: false, properties: { ca: text, cert: text, key: text } } as const;

interface FieldConnection {
  readonly url: string;
  readonly protocol: string;
  readonly username?: string;
  readonly password?: string;
}

const GIVES = {
  stamps: 'optional',
  confirms: 'received',
  redelivers: true,
  ordered: 'address',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
  deduplicates: false,
  recoversIds: false,
  notes: [],
} as const;

/** The checker looks at none of these. */
const BEYOND_THE_CHECK = {
  module: { file: '', exportName: '' },
  page: { title: '', examples: [] },
  opposite: { sink: () => '', source: () => '' },
  spans: { system: '', send: '', settle: { accept: '', reject: '' }, destinations: () => [''] },
};

const never = (): never => {
  throw new Error('a checker opens no connection');
};

const mqtt: Bus<FieldConnection, { topics: readonly string[]; qos: number }, { topic: string }> = {
  ...BEYOND_THE_CHECK,
  name: 'mqtt',
  grammar: {
    word: 'topic',
    separator: '/',
    encoding: 'slashes, wildcards and white space are percent-encoded',
    ...levelCodec({ escape: '%', refused: /[/+#$]/u, hasEmpty: true }),
    flaw: (topic) => (/[+#]/.test(topic) ? 'a wildcard' : topic === '' ? 'an empty topic' : undefined),
  },
  connectionSchema: schema(['url'], {
    url: { type: 'string', pattern: '^(mqtt|mqtts)://[^/]', examples: ['mqtt://127.0.0.1:1883'] },
    protocol: { enum: ['5', '3.1.1'], default: '5' },
    username: text,
    password: text,
    keepAlive: { ...duration, default: '20s' },
    tls: TLS,
  }),
  sourceSchema: schema(['topics'], {
    topics: { type: 'array', minItems: 1, items: text, examples: [['fleet/+/position']] },
    qos: { type: 'integer', minimum: 0, maximum: 1, default: 1 },
    session: { ...duration, default: '1d' },
  }),
  sinkSchema: schema(['topic'], {
    topic: { ...text, examples: ['fleet/{key}/orders'] },
    qos: { type: 'integer', minimum: 0, maximum: 1, default: 1 },
    retain: { type: 'boolean', default: false },
  }),
  addressOptions: ['topic'],
  servers: ({ url }) => [url],
  reads: ({ end }) =>
    end.topics.map((topic, at) => ({
      spaces: ['topics'],
      filter: patternOf(topic, { separator: '/', one: '+', levels: '#' }),
      path: ['topics', String(at)],
    })),
  writes: () => ['topics'],
  sourceGuarantees: ({ end }) => ({
    ...GIVES,
    redelivers: end.qos === 1,
    notes: end.qos === 0 ? ['qos 0 loses what is in flight'] : [],
  }),
  sinkGuarantees: () => GIVES,
  flaws: (connection) =>
    connection.password !== undefined && connection.username === undefined
      ? [
          {
            where: 'connection',
            path: ['username'],
            expected: 'a username beside the password',
            // A careless driver: what it echoes must not come out.
            found: `none beside ${connection.password}`,
            write: 'username: NAME',
          },
        ]
      : [],
  openSource: never,
  openSink: never,
};

const URLS = { anyOf: [text, { type: 'array', minItems: 1, items: text }] } as const;

const jetstream: Bus<
  { url: string | readonly string[] },
  { stream: string; subjects?: readonly string[] },
  { subject: string; stream?: string }
> = {
  ...BEYOND_THE_CHECK,
  name: 'jetstream',
  grammar: {
    word: 'subject',
    separator: '.',
    encoding: 'dots, wildcards and white space are percent-encoded',
    ...levelCodec({ escape: '%', refused: /[.*>\s]/u, hasEmpty: false }),
    flaw: (subject) =>
      /[*>]/.test(subject) ? 'a wildcard' : subject.split('.').includes('') ? 'an empty token' : undefined,
  },
  connectionSchema: schema(['url'], { url: URLS, token: text, user: text, tls: TLS }),
  sourceSchema: schema(['stream'], {
    stream: text,
    subjects: { type: 'array', minItems: 1, items: text },
    start: {
      anyOf: [
        { type: 'string', enum: ['all', 'new'] },
        {
          type: 'object',
          additionalProperties: false,
          required: ['sequence'],
          properties: { sequence: { type: 'integer', minimum: 1 } },
        },
        { type: 'object', additionalProperties: false, required: ['time'], properties: { time: text } },
      ],
      default: 'all',
    },
  }),
  sinkSchema: schema(['subject'], { subject: { ...text, examples: ['tracks.{key}'] }, stream: text }),
  addressOptions: ['subject'],
  servers: ({ url }) => [url].flat(),
  reads: ({ end }) => [{ spaces: [end.stream], filter: [LEVELS], path: ['stream'] }],
  writes: ({ end }) => [end.stream ?? ''],
  sourceGuarantees: () => GIVES,
  sinkGuarantees: () => GIVES,
  flaws: () => [],
  openSource: never,
  openSink: never,
};

const validate: StageKind = {
  verb: 'validate',
  names: 'schema',
  changesBody: false,
  description: 'Name of a file in schemas/, without its ending.',
  schema: { properties: {} },
  make: never,
};
const runFunction: StageKind = {
  verb: 'function',
  names: 'function',
  changesBody: true,
  runsCode: true,
  description: 'Name of a file in functions/, without its ending.',
  schema: { properties: { with: { type: 'object' }, timeout: { ...duration, default: '30s' } } },
  make: never,
};

export const WORDS: Catalog = {
  buses: new Map<string, Bus>([
    ['mqtt', mqtt],
    ['jetstream', jetstream],
  ]),
  stages: new Map([
    ['validate', validate],
    ['function', runFunction],
  ]),
  schemaCodecs: new Map(),
  codecs: new Map(
    ['json', 'text', 'bytes'].map((name) => [
      name,
      {
        name,
        contentType: name,
        description: name,
        mediaTypes: [],
        hasFields: name === 'json',
        decode: never,
        encode: never,
      },
    ]),
  ),
};

export const PROJECT = {
  functions: ['to-track.ts', 'to-track.test.ts', 'enrich.mts'],
  schemas: ['location.v1.json', 'track.v1.json'],
};
