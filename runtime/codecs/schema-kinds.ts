import type { SchemaCodecKind } from '#contract/schema-codec.ts';

/** Confluent's wire format: the id of the writer's schema stands before the body. */
const CONFLUENT = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ids: {
      type: 'object',
      minProperties: 1,
      additionalProperties: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
      description: 'The id of each schema in the registry, by the name of its file.',
      examples: [{ 'track.v1': 7 }],
    },
    registry: {
      type: 'string',
      description: 'URL of a schema registry, which is asked for every other id; http or https, without a user.',
      examples: ['env:REGISTRY_URL'],
    },
    subject: {
      type: 'string',
      minLength: 1,
      description:
        "Of a sink: the subject under which its schema is registered. Default: the sink's address and `-value`.",
      examples: ['tracks-value'],
    },
    username: { type: 'string', description: 'User of the registry (Basic), beside password.' },
    password: {
      type: 'string',
      description: 'Password of the user, by reference: env:NAME or file:PATH.',
      examples: ['env:REGISTRY_PASSWORD'],
    },
    token: {
      type: 'string',
      description: 'Token of the registry (Bearer), by reference: env:NAME or file:PATH.',
      examples: ['env:REGISTRY_TOKEN'],
    },
  },
  description: "The bodies are in Confluent's wire format: a zero byte and the id of their schema stand before them.",
};

// What is known of these codecs before their code is loaded.

const avro: SchemaCodecKind = {
  name: 'avro',
  description:
    'Avro: records and maps are objects, bytes and fixed a `Uint8Array`, enums texts; a union is the value of its branch.',
  contentType: 'avro/binary',
  ending: '.avsc',
  options: { confluent: CONFLUENT },
  needs: [],
  module: { file: 'codecs/avro/avro.ts', exportName: 'avro' },
};

const protobuf: SchemaCodecKind = {
  name: 'protobuf',
  description:
    'Protobuf as ProtoJSON: names in lowerCamelCase, integers of 64 bits and times as texts, bytes as base64, enums by name.',
  contentType: 'application/protobuf',
  ending: '.binpb',
  options: {
    message: {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_.]*$',
      description: 'Full name of the message in the descriptor set.',
      examples: ['fleet.Track'],
    },
    confluent: CONFLUENT,
  },
  needs: ['message'],
  module: { file: 'codecs/protobuf/protobuf.ts', exportName: 'protobuf' },
};

const json: SchemaCodecKind = {
  name: 'json',
  description: "JSON in Confluent's wire format; bodies as those of `json`.",
  contentType: 'application/json',
  ending: '.json',
  options: { confluent: CONFLUENT },
  needs: ['confluent'],
  module: { file: 'codecs/confluent/json.ts', exportName: 'json' },
};

export const SCHEMA_CODECS: readonly SchemaCodecKind[] = [avro, protobuf, json];
