import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { isStackOverflow, messageOf, SluiceError } from '#contract/errors.ts';
import { CodecFlaws, type CodecMaker, type CodecSchemaFile, type SchemaCodec } from '#contract/schema-codec.ts';
import { asBuffer } from '#kit/as-buffer.ts';
import { nearestName } from '#kit/nearest.ts';
import { shortened } from '#kit/shortened.ts';
import { unsafeName } from '../body-place.ts';
import { headAt, messageHead } from './message-head.ts';
import { messagePlaces } from './message-places.ts';
import { asProtoJson } from './proto-json.ts';

/** Messages within one another: as other implementations of protobuf have it. */
const MOST_NESTED = 100;
const MOST_SHOWN = 200;

/** Protobuf's binary encoding, by a descriptor set of the project; bodies are ProtoJSON. */
export const protobuf: CodecMaker = ({ schema, options: { message }, rules }) => {
  const registry = registryOf(schema);
  return codecOf(messageIn(registry, String(message), schema), registry, Math.min(rules.depth, MOST_NESTED));
};

function registryOf({ name, content }: CodecSchemaFile): Registry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, content));
  } catch (thrown) {
    const file = `${name}.binpb`;
    const write = `buf build -o schemas/${file}, or protoc --include_imports --descriptor_set_out=schemas/${file}`;
    throw new CodecFlaws([
      { file, at: '', expected: 'a descriptor set with all that it imports', found: messageOf(thrown), write },
    ]);
  }
}

function messageIn(registry: Registry, wanted: string, { name }: CodecSchemaFile): DescMessage {
  const found = registry.getMessage(wanted);
  if (found !== undefined) return found;
  const names = [...registry].flatMap((type) =>
    type.kind === 'message' && !type.typeName.startsWith('google.protobuf.') ? [type.typeName] : [],
  );
  const suggestion = nearestName(wanted, names) ?? names.find((full) => full.endsWith(`.${wanted}`));
  throw new CodecFlaws([
    {
      file: undefined,
      at: 'message',
      expected: `a message of schemas/${name}.binpb`,
      found: wanted,
      write: `message: ${suggestion ?? names[0] ?? 'PACKAGE.Message'}`,
      suggestion,
    },
  ]);
}

function codecOf(message: DescMessage, registry: Registry, recursionLimit: number): SchemaCodec {
  return {
    name: 'protobuf',
    contentType: 'application/protobuf',
    messageHead: messageHead(message),
    headOf: (writer) => headAt(placeIn(writer, message), message.typeName),
    decode(bytes) {
      // A key of a map, in a place where the library makes an object of it.
      if (asBuffer(bytes).includes('__proto__'))
        throw new SluiceError('BODY_UNSAFE', 'expected protobuf, found the text __proto__');
      try {
        // Extensions are among the fields that the message itself does not know: those of the registry are written, others not.
        const body = toJson(message, fromBinary(message, bytes, { recursionLimit }), {
          registry,
          alwaysEmitImplicit: true,
        });
        if (asBuffer(bytes).includes('prototype')) refuseUnsafe(body, undefined);
        return body;
      } catch (thrown) {
        if (thrown instanceof SluiceError || isStackOverflow(thrown)) throw thrown;
        throw readFault(message, thrown);
      }
    },
    encode(body) {
      const json = asProtoJson(body);
      try {
        return toBinary(message, fromJson(message, json, { registry, recursionLimit }));
      } catch (thrown) {
        if (isStackOverflow(thrown)) throw thrown;
        // oxlint-disable-next-line preserve-caught-error -- the cause quotes the body
        throw new Error(writeFault(message, messageOf(thrown)));
      }
    },
  };
}

/** Where a writer's schema, as the text of a registry, has the message. Its fields are those of the project's descriptor set. */
function placeIn({ content }: CodecSchemaFile, { typeName }: DescMessage): readonly number[] {
  const places = messagePlaces(Buffer.from(content).toString());
  const place = places.get(typeName);
  if (place !== undefined) return place;
  const found = places.size === 0 ? 'no message' : shortened([...places.keys()].join(', '), MOST_SHOWN);
  throw new CodecFlaws([{ file: undefined, at: '', expected: `the message ${typeName}`, found, write: '' }]);
}

function refuseUnsafe(value: JsonValue, around: string | undefined): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const danger = Array.isArray(value) ? undefined : unsafeName(name, around);
    if (danger !== undefined) throw new SluiceError('BODY_UNSAFE', `expected protobuf, found ${danger}`);
    refuseUnsafe(member, name);
  }
}

/** The library's words quote nothing of a body that is read, but names of the schema. */
function readFault({ typeName }: DescMessage, thrown: unknown): Error {
  const text = messageOf(thrown);
  if (text.includes('recursion depth'))
    return new SluiceError(
      'BODY_TOO_DEEP',
      `expected protobuf, found a ${typeName} of more than ${MOST_NESTED} levels`,
    );
  const field = /^cannot (?:encode|decode) (?:field )?([\w.]+)/.exec(text)?.[1];
  const reason = /premature EOF|illegal tag|invalid wire type|invalid (?:var|UTF)/i.exec(text)?.[0];
  const at = field === undefined ? '' : ` in ${field}`;
  return new Error(`bytes that are no ${typeName}${at}${reason === undefined ? '' : `: ${reason}`}`);
}

/** Only names of the schema are taken from the library's words. */
function writeFault({ typeName }: DescMessage, text: string): string {
  const holder = /^cannot decode ((?:field|enum) [\w.]+) from JSON/.exec(text)?.[1];
  if (holder !== undefined) return `a value that the ${holder} does not hold`;
  const owner = /^cannot decode (?:message )?([\w.]+) from JSON: key /.exec(text)?.[1];
  if (owner !== undefined) return `a field that ${owner} does not have`;
  return `a body that is no ${typeName}`;
}
