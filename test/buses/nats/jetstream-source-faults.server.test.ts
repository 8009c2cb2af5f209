import assert from 'node:assert/strict';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Demand, Source } from '#contract/source.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { withStream } from './admin.ts';
import { accept, DEADLINE_MS, over, recordedContext, take, textOf } from './ends.ts';
import { numbers, openTracks, pendingOf, publish } from './tracks.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };

/** Reads `count` distinct messages with `disturb` in between, settling half of them late and out of order. */
async function disturbed(
  source: Source,
  count: number,
  room: Demand,
  disturb: (read: number) => Promise<void>,
): Promise<string[]> {
  const read: string[] = [];
  const late: Delivery[] = [];
  while (read.length < count) {
    const batch = await source.read(room, AbortSignal.timeout(patient(DEADLINE_MS)));
    assert.ok(batch.length > 0, `${read.length} of ${count} read within ${DEADLINE_MS} ms`);
    for (const [index, delivery] of batch.entries()) {
      read.push(textOf(delivery));
      if (index % 2 === 0) late.push(delivery);
      else delivery.settle(ACCEPT);
    }
    await disturb(read.length);
    for (const delivery of late.splice(0).toReversed()) delivery.settle(ACCEPT);
  }
  return read;
}

serverTest(
  'over cuts of the link each message comes once and in order, and all are acknowledged in the end',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await publish(admin, 1, 5000);
    await using link = await startLink(broker.port);
    const context = recordedContext();
    const source = await openTracks(over(broker.url, link), context);
    let cuts = 0;
    const read = await disturbed(source, 5000, { messages: 100, bytes: 1e9 }, async (count) => {
      if (count < cuts * 500) return;
      cuts += 1;
      await link.cut();
      await link.mend();
    });
    assert.deepEqual(read, numbers(1, 5000));
    assert.ok(context.events.filter(({ kind }) => kind === 'disconnected').length >= 5, 'the cuts were felt');
    await waitFor(async () => (await pendingOf(admin)) === 0, DEADLINE_MS, 'every message to be acknowledged');
  },
);

serverTest('over kill -9 and restart of the server each message comes once and in order', own, async () => {
  await using broker = await startNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 5000);
  const source = await openTracks(broker.url);
  let kills = 0;
  const read = await disturbed(source, 5000, { messages: 100, bytes: 1e9 }, async (count) => {
    if (count < kills * 1500) return;
    kills += 1;
    await broker.kill();
    await broker.restart();
  });
  assert.deepEqual(read, numbers(1, 5000));
  await waitFor(async () => (await pendingOf(admin)) === 0, DEADLINE_MS, 'every message to be acknowledged');
});

serverTest(
  'what a killed server has forgotten of its deliveries does not come to the next process as new',
  own,
  async () => {
    await using broker = await startNats();
    await using admin = await withStream(broker);
    await publish(admin, 1, 20);
    const source = await openTracks(broker.url);
    await accept(source, 20);
    await source.close();
    await broker.kill();
    broker.forgetDeliveries();
    await broker.restart();
    const again = await accept(await openTracks(broker.url), 20);
    assert.deepEqual(again.map(textOf), numbers(1, 20));
    assert.deepEqual([...new Set(again.map(({ attempt }) => attempt))], [undefined]);
  },
);

serverTest('what is settled while the connection is away is acknowledged when it is back', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 50);
  await using link = await startLink(broker.port);
  const context = recordedContext();
  const source = await openTracks(over(broker.url, link), context);
  const read = await take(source, 50);
  await link.cut();
  await waitFor(() => context.events.some(({ kind }) => kind === 'disconnected'), DEADLINE_MS, 'the loss');
  for (const delivery of read) delivery.settle(ACCEPT);
  await link.mend();
  await waitFor(async () => (await pendingOf(admin)) === 0, DEADLINE_MS, 'the acknowledgements');
  await publish(admin, 51, 51);
  assert.deepEqual((await accept(source, 1)).map(textOf), ['51']);
});

serverTest(
  'a consumer deleted under the source is made again at the first unsettled message, and said',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await publish(admin, 1, 20);
    const context = recordedContext();
    const source = await openTracks(broker.url, context);
    const read = await take(source, 20);
    for (const delivery of read.slice(0, 10)) delivery.settle(ACCEPT);
    await waitFor(async () => (await pendingOf(admin)) === 10, DEADLINE_MS, 'the first acknowledgements');
    await admin.manager.consumers.delete('TRACKS', 'bridge');
    await context.reported('CONSUMER_ENDED');
    await publish(admin, 21, 25);
    assert.deepEqual(
      (await accept(source, 5)).map(textOf),
      numbers(21, 25),
      'what was received is not delivered again',
    );
    for (const delivery of read.slice(10)) delivery.settle(ACCEPT);
    await waitFor(async () => (await pendingOf(admin)) === 0, DEADLINE_MS, 'every message to be acknowledged');
    assert.equal((await admin.manager.consumers.info('TRACKS', 'bridge')).ack_floor.stream_seq, 25);
  },
);

serverTest('a stream deleted and made again is read from its beginning, under other ids', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 5);
  const context = recordedContext();
  const source = await openTracks(broker.url, context);
  const [old] = await take(source, 5);
  await admin.manager.streams.delete('TRACKS');
  await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
  await publish(admin, 101, 105);
  const read = await take(source, 5);
  await context.reported('STREAM_RECREATED');
  assert.deepEqual(read.map(textOf), numbers(101, 105));
  assert.notEqual(read[0]?.id, old?.id);
  // A settlement of the old stream's message 1 must not acknowledge the new one's.
  old?.settle(ACCEPT);
  await admin.connection.flush();
  await source.close();
  assert.deepEqual((await accept(await openTracks(broker.url), 5)).map(textOf), numbers(101, 105));
});

serverTest('another process that reads with the same durable costs no message', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  const [one, two] = await Promise.all([openTracks(broker.url), openTracks(broker.url)]);
  await publish(admin, 1, 200);
  const seen = new Set<string>();
  const stop = new AbortController();
  const reading = [one, two].map(async (source) => {
    for (;;) {
      const batch = await source.read({ messages: 10, bytes: 1e6 }, stop.signal);
      if (batch.length === 0) return;
      for (const delivery of batch) {
        seen.add(textOf(delivery));
        delivery.settle(ACCEPT);
      }
    }
  });
  await waitFor(() => seen.size === 200, DEADLINE_MS, 'every message');
  stop.abort();
  await Promise.all(reading);
});
