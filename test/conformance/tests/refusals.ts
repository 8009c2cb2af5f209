import assert from 'node:assert/strict';
import { SluiceError } from '#contract/errors.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { lossesOf, openSink, openSource } from '../ends.ts';
import { frameOf, hasAll, textOf } from '../frame-of.ts';
import { demand, type Fixture, type Refusal } from '../fixture.ts';
import { sendThrough } from '../send-all.ts';

const KINDS = {
  'too-large': 'is larger than the bus takes',
  denied: 'goes where this identity may not send',
  unroutable: 'goes where nothing takes it',
  rejected: 'the bus rejects for what it holds',
} as const satisfies Record<Refusal['kind'], string>;

async function refuses(fixture: Fixture, { by, code, frame, severs }: Refusal): Promise<void> {
  await using reader = await openSource(fixture);
  await using writer = await openSink(fixture);
  const round = `${code} by the ${by}`;
  const send = (text: string): Promise<unknown> => sendThrough(fixture, writer.sink, frameOf(fixture, text));
  // All at once, so that they share a connection, a channel or a flush.
  const [before, refused, behind] = await Promise.allSettled([
    send('before'),
    sendThrough(fixture, writer.sink, frame()),
    send('behind'),
  ]);
  const error: unknown = refused.status === 'rejected' ? refused.reason : undefined;
  assert.ok(error instanceof SluiceError, `${round}: instead of a refusal ${String(error)}`);
  assert.deepEqual(
    { code: error.code, scope: error.scope, verdict: error.verdict },
    { code, scope: 'message', verdict: 'reject' },
    `${round}: ${error.message}`,
  );
  for (const neighbour of [before, behind]) {
    if (neighbour.status === 'rejected') throw new Error(`${round}: a neighbour failed`, { cause: neighbour.reason });
  }
  await send('last');
  if (severs === undefined) assert.equal(lossesOf(writer.recorded), 0, `${round}: the connection stays`);
  const wanted = ['before', 'behind', 'last'];
  const read = await reader.readUntil((so) =>
    hasAll(
      wanted,
      so.map((delivery) => textOf(delivery.frame)),
    ),
  );
  const strangers = read.map((delivery) => textOf(delivery.frame)).filter((text) => !wanted.includes(text));
  assert.deepEqual(strangers, [], `${round}: what was refused arrived all the same`);
}

export const REFUSALS: readonly ConformanceTest[] = (['too-large', 'denied', 'unroutable', 'rejected'] as const).map(
  (kind) => ({
    name: `refused-${kind}`,
    sentence: `a message that ${KINDS[kind]} is refused for good as its own fault; its neighbours pass and the connection stays, or is back, where the bus says no by ending it`,
    async judge(fixture) {
      const refusals = (fixture.refusals ?? []).filter((refusal) => refusal.kind === kind);
      demand(refusals[0], `message that ${KINDS[kind]}`);
      for (const refusal of refusals) await refuses(fixture, refusal);
    },
  }),
);
