import type { BodyRules, Codec } from '#contract/codec.ts';
import type { CodecMaker, CodecSchemaFile } from '#contract/schema-codec.ts';
import { parseAvro } from './parse-schema.ts';
import { AvroInput, type Read, readerOf } from './read.ts';
import type { AvroType } from './types.ts';
import { writeAvro } from './write.ts';

/** Avro's binary encoding (1.12), by a schema of the project. */
export const avro: CodecMaker = ({ schema, rules }) => {
  const type = parseAvro(schema);
  return {
    ...codecOf(schema.name, type, readerOf(type, type), rules),
    readerOf: (writer: CodecSchemaFile) => codecOf(schema.name, type, readerOf(parseAvro(writer), type), rules),
  };
};

function codecOf(name: string, type: AvroType, read: Read, rules: BodyRules): Codec {
  return {
    name: 'avro',
    contentType: 'avro/binary',
    decode: (bytes) => new AvroInput(bytes, read, rules).whole(),
    encode: (body) => writeAvro(type, name, body),
  };
}
