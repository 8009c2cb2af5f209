import assert from 'node:assert/strict';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Sink, RecoveredLog } from '#contract/sink.ts';
import { patient } from '../../harness/patience.ts';
import { publishStored } from '../../harness/publish-stored.ts';
import { connectionTo, jetstream, recordedContext } from './ends.ts';

/** Of the ids of the one route. */
export const PREFIX = 'fleet/positions/';

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
): Promise<RecoveredLog> {
  assert.ok(sink.recoverIds !== undefined);
  return sink.recoverIds({ prefix: PREFIX, most }, signal);
}

export const namesOf = (found: RecoveredLog['ids']): Set<string> => new Set(found.keys());

export const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `${PREFIX}m:${from + at}`);

/** As the bridge writes them, by another hand. */
export async function write(
  connection: NatsConnection,
  wanted: readonly string[],
  subject = 'tracks.a',
): Promise<void> {
  const body = 'x'.repeat(100);
  await publishStored(connection, wanted.length, (at) => {
    const head = headers();
    head.set('Nats-Msg-Id', wanted[at] ?? '');
    return { subject, body, headers: head };
  });
}

export function others(connection: NatsConnection, count: number, subject: string): Promise<void> {
  return publishStored(connection, count, () => ({ subject, body: 'y' }));
}
