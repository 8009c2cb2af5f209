import assert from 'node:assert/strict';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Sink, Tail } from '#contract/sink.ts';
import { patient } from '../../harness/patience.ts';
import { connectionTo, jetstream, recordedContext } from './ends.ts';

/** Of the ids of the one route. */
export const PREFIX = 'fleet/positions/';
const STORED_MS = patient(20_000);

export async function opened(
  url: string,
  more: { readonly user?: string; readonly password?: string } = {},
): Promise<Sink> {
  const end = { stream: 'TRACKS', subject: 'tracks.{key}', timeout: '5s' };
  const context = recordedContext({ direction: 'sink' });
  return jetstream.openSink({ connection: { ...connectionTo(url), ...more }, end }, context);
}

export async function tailOf(
  sink: Sink,
  most = 1000,
  signal: AbortSignal = AbortSignal.timeout(patient(20_000)),
): Promise<Tail> {
  assert.ok(sink.tail !== undefined);
  return sink.tail({ prefix: PREFIX, most }, signal);
}

export const namesOf = (found: Tail['ids']): Set<string> => new Set(found.keys());

export const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `${PREFIX}m:${from + at}`);

/** A stream drops what comes much faster than it stores: so often a writer waits until all of its messages are stored. */
const isWaitedFor = (at: number, count: number): boolean => at % 4000 === 3999 || at === count - 1;

/** As the bridge writes them, by another hand: so many, and the number of the first. */
export async function write(
  connection: NatsConnection,
  wanted: readonly string[],
  subject = 'tracks.a',
): Promise<void> {
  const body = 'x'.repeat(100);
  for (const [at, id] of wanted.entries()) {
    const head = headers();
    head.set('Nats-Msg-Id', id);
    if (isWaitedFor(at, wanted.length)) await connection.request(subject, body, { headers: head, timeout: STORED_MS });
    else connection.publish(subject, body, { headers: head });
  }
}

export async function others(connection: NatsConnection, count: number, subject: string): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    if (isWaitedFor(at, count)) await connection.request(subject, 'y', { timeout: STORED_MS });
    else connection.publish(subject, 'y');
  }
}
