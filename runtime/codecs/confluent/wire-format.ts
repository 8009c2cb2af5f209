import type { Codec } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import type { SchemaCodec } from '#contract/schema-codec.ts';
import { asBuffer } from '#kit/as-buffer.ts';

const MAGIC = 0;
/** The magic byte and the id of the schema. */
const HEAD_BYTES = 5;

/** Schemas by the ids that a registry has given them. */
export interface SchemaIds {
  /** The codec that reads what was written by the schema of this id; undefined for an id that is not known. */
  readerOf(id: number): Codec | undefined;
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
      const buffer = asBuffer(bytes);
      if (buffer.length < HEAD_BYTES || buffer[0] !== MAGIC)
        throw new Error('bytes without the magic byte of a registry');
      const id = buffer.readUInt32BE(1);
      const codec = ids.readerOf(id);
      if (codec === undefined) throw unknown(`${inner.name} of a schema that the route knows, found schema id ${id}`);
      const begin = HEAD_BYTES + (head === undefined ? 0 : head.read(buffer, HEAD_BYTES));
      const body = bytes.subarray(begin);
      inside.set(bytes, body);
      return codec.decode(body);
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

function unknown(text: string): SluiceError {
  return new SluiceError('SCHEMA_ID_UNKNOWN', `expected ${text}`);
}
