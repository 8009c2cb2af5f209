import type { Broker, ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import { protocolRequest } from './protocol-request.ts';

/** From Kafka 3.1 on. kafkajs has no version with ids. */
const API = { apiKey: 3, apiVersion: 12, apiName: 'Metadata' } as const;
const UUID_BYTES = 16;
const NO_TAGS = Buffer.from([0]);

interface Ids {
  readonly clientSideThrottleTime: number;
  readonly ids: ReadonlyMap<string, string>;
}

/** The ids of topics. Empty where the server has none. */
export async function topicIds(broker: Broker, topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const offered = broker.versions?.[API.apiKey];
  if (offered === undefined || offered.maxVersion < API.apiVersion || topics.length === 0) return new Map();
  return (await broker.connectionPool.send(request(topics))).ids;
}

function request(topics: readonly string[]): ProtocolRequest<Ids> {
  // The tags of the header, which kafkajs's own headers lack, then lists and texts in their compact form.
  const parts = [NO_TAGS, varint(topics.length + 1)];
  for (const topic of topics) {
    const name = Buffer.from(topic);
    parts.push(Buffer.alloc(UUID_BYTES), varint(name.length + 1), name, NO_TAGS);
  }
  // No topic is created, and permissions are left out of the answer.
  parts.push(Buffer.from([0, 0]), NO_TAGS);
  return protocolRequest(API, Buffer.concat(parts), readAnswer, undefined);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Reads the compact form, as far as a list of topics needs it. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError('the answer is too short');
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.take(1)[0] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  text(): string {
    return this.take(Math.max(0, this.varint() - 1)).toString();
  }

  each(read: () => void): void {
    for (let left = this.varint() - 1; left > 0; left -= 1) read();
  }

  tags(): void {
    for (let left = this.varint(); left > 0; left -= 1) {
      this.varint();
      this.take(this.varint());
    }
  }
}

function readAnswer(raw: Buffer): Ids {
  const wire = new Reader(raw);
  const ids = new Map<string, string>();
  const numbers = (): void => wire.each(() => wire.take(4));
  wire.tags();
  const clientSideThrottleTime = wire.take(4).readInt32BE();
  wire.each(() => {
    wire.take(4);
    wire.text();
    wire.take(4);
    wire.text();
    wire.tags();
  });
  // The cluster's id, the controller.
  wire.text();
  wire.take(4);
  wire.each(() => {
    const errorCode = wire.take(2).readInt16BE();
    const name = wire.text();
    const id = wire.take(UUID_BYTES).toString('hex');
    if (errorCode === 0) ids.set(name, id);
    // Whether it is the server's own.
    wire.take(1);
    wire.each(() => {
      // Error, number, leader, the leader's epoch; then replicas, those in sync, those offline.
      wire.take(2 + 4 + 4 + 4);
      numbers();
      numbers();
      numbers();
      wire.tags();
    });
    wire.take(4);
    wire.tags();
  });
  return { clientSideThrottleTime, ids };
}
