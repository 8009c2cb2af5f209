import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { javaCommand } from './java-command.ts';
import { temporaryFolder } from './temporary-folder.ts';

const RUN_MS = 90_000;
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;

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

/** Runs one of the programs beside this file, compiled on the way. Its input and output are lines of JSON. */
async function run(program: string, args: readonly string[], input: string): Promise<unknown[]> {
  using folder = temporaryFolder('kafka-java');
  const command = (await javaCommand())(folder.path);
  const source = join(import.meta.dirname, 'java', program);
  const output = await new Promise<string>((resolve, reject) => {
    const options = { timeout: RUN_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
    const child = execFile(command.binary, [...command.args, source, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} failed: ${stderr.slice(-2000)}`, { cause: error }));
    });
    // It may end before it has read everything: then its exit says why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
  // What the logger prints comes before.
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line): unknown => JSON.parse(line));
}

const settings = (properties: Readonly<Record<string, string>>): string[] =>
  Object.entries(properties).map(([name, value]) => `${name}=${value}`);

const text = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null;
const bytes = (base64: string | null): Buffer | null => (base64 === null ? null : Buffer.from(base64, 'base64'));

/**
 * Writes with Kafka's own Java producer, in order; answers where each record went. With the property
 * `transactional.id` all of them are one transaction. About 2 s. Declare the need `kafka-java`.
 */
export async function writeWithJava(
  broker: string,
  records: readonly WrittenRecord[],
  compression: Compression = 'none',
  properties: Readonly<Record<string, string>> = {},
): Promise<Place[]> {
  const input = records.map(({ key, value, headers, ...rest }) => {
    const pairs = headers.map(([name, content]) => [name, text(content)]);
    return `${JSON.stringify({ ...rest, key: text(key), value: text(value), headers: pairs })}\n`;
  });
  const args = settings({
    'bootstrap.servers': broker,
    'compression.type': compression,
    'linger.ms': '20',
    ...properties,
  });
  return (await run('Write.java', args, input.join(''))) as Place[];
}

/** Reads a topic from its beginning to its present end with Kafka's own Java consumer. About 2 s. */
export async function readWithJava(
  broker: string,
  topic: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<ReadRecord[]> {
  const found = await run('Read.java', [topic, ...settings({ 'bootstrap.servers': broker, ...properties })], '');
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
