import type { SchemaCodecKind } from '#contract/schema-codec.ts';

// What is known of these codecs before their code is loaded.

const avro: SchemaCodecKind = {
  name: 'avro',
  description:
    'Avro: records and maps are objects, bytes and fixed a `Uint8Array`, enums texts; a union is the value of its branch.',
  contentType: 'avro/binary',
  ending: '.avsc',
  options: {},
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
  },
  needs: ['message'],
  module: { file: 'codecs/protobuf/protobuf.ts', exportName: 'protobuf' },
};

export const SCHEMA_CODECS: readonly SchemaCodecKind[] = [avro, protobuf];
