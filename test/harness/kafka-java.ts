import { runJava } from './java-programs.ts';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** A record as Kafka has it: null is another thing than empty, and header names may repeat. */
export interface JavaRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  /** Default: now. */
  readonly timestampMs?: number;
}

export interface WrittenRecord extends JavaRecord {
  readonly topic: string;
  /** Default: what Kafka's own partitioner makes of the key. */
  readonly partition?: number;
}

/** Where a record went. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface ReadRecord extends JavaRecord, Place {
  readonly timestampMs: number;
}

const settings = (properties: Readonly<Record<string, string>>): string[] =>
  Object.entries(properties).map(([name, value]) => `${name}=${value}`);

const text = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null;
const bytes = (base64: string | null): Buffer | null => (base64 === null ? null : Buffer.from(base64, 'base64'));

/**
 * Writes with Kafka's own Java producer, in order; answers where each record went. With the property
 * `transactional.id` all of them are one transaction. The first call takes about 2 s. Declare the need `kafka-java`.
 */
export async function writeWithJava(
  broker: string,
  records: readonly WrittenRecord[],
  compression: Compression = 'none',
  properties: Readonly<Record<string, string>> = {},
): Promise<Place[]> {
  const input = records.map(({ key, value, headers, ...rest }) => {
    const pairs = headers.map(([name, content]) => [name, text(content)]);
    return JSON.stringify({ ...rest, key: text(key), value: text(value), headers: pairs });
  });
  const args = settings({
    'bootstrap.servers': broker,
    'compression.type': compression,
    'linger.ms': '20',
    ...properties,
  });
  return (await runJava('Write', args, input)) as Place[];
}

/** Reads a topic from its beginning to its present end with Kafka's own Java consumer. */
export async function readWithJava(
  broker: string,
  topic: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<ReadRecord[]> {
  const found = await runJava('Read', [topic, ...settings({ 'bootstrap.servers': broker, ...properties })], []);
  type Line = Place & {
    timestampMs: number;
    key: string | null;
    value: string | null;
    headers: [string, string | null][];
  };
  return (found as Line[]).map(({ key, value, headers, ...rest }) => ({
    ...rest,
    key: bytes(key),
    value: bytes(value),
    headers: headers.map(([name, content]) => [name, bytes(content)] as const),
  }));
}
