import type { Codec } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import type { MessageHead, SchemaCodec } from '#contract/schema-codec.ts';
import { asBuffer } from '#kit/as-buffer.ts';

const MAGIC = 0;
/** The magic byte and the id of the schema. */
const HEAD_BYTES = 5;

/** What reads bodies of one writer's schema. */
export interface WriterCodec {
  readonly codec: Pick<Codec, 'decode'>;
  /** Where the schema holds several messages. */
  readonly head: Pick<MessageHead, 'read'> | undefined;
}

/** Schemas by the ids that a registry has given them. */
export interface SchemaIds {
  /** Undefined for an id that is not known. */
  readerOf(id: number): WriterCodec | undefined;
  /** The id of the route's own schema, for what is written; undefined where it is not known. */
  readonly own: number | undefined;
}

/** Bodies in Confluent's wire format: a zero byte, the id of the writer's schema in four bytes, for protobuf the message, the body. */
export function confluentCodec(inner: SchemaCodec, ids: SchemaIds): Codec {
  /** What the inner codec keeps of a body, it keeps with the bytes that it was given. */
  const inside = new WeakMap<Uint8Array, Uint8Array>();
  const head = inner.messageHead;
  return {
    name: inner.name,
    contentType: inner.contentType,
    decode(bytes) {
      const id = schemaIdIn(bytes);
      if (id === undefined) throw new Error('bytes without the magic byte of a registry');
      const reader = ids.readerOf(id);
      if (reader === undefined) throw unknown(`${inner.name} of a schema that the route knows, found schema id ${id}`);
      const begin = HEAD_BYTES + (reader.head === undefined ? 0 : reader.head.read(bytes, HEAD_BYTES));
      const body = bytes.subarray(begin);
      inside.set(bytes, body);
      return reader.codec.decode(body);
    },
    encode(body, source) {
      if (ids.own === undefined) throw unknown('the id of the schema of the route, found none');
      const written = inner.encode(body, source instanceof Uint8Array ? (inside.get(source) ?? source) : source);
      const begin = HEAD_BYTES + (head?.written.length ?? 0);
      const bytes = Buffer.allocUnsafe(begin + written.length);
      bytes[0] = MAGIC;
      bytes.writeUInt32BE(ids.own, 1);
      if (head !== undefined) bytes.set(head.written, HEAD_BYTES);
      bytes.set(written, begin);
      return bytes;
    },
  };
}

/** Undefined where the bytes are not in this format. */
export function schemaIdIn(bytes: Uint8Array): number | undefined {
  return bytes.length < HEAD_BYTES || bytes[0] !== MAGIC ? undefined : asBuffer(bytes).readUInt32BE(1);
}

function unknown(text: string): SluiceError {
  return new SluiceError('SCHEMA_ID_UNKNOWN', `expected ${text}`);
}
