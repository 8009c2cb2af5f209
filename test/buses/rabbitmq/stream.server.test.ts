import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { RabbitFrom, Start } from '../../../runtime/buses/rabbitmq/options.ts';
import { serverTest } from '../../harness/server-test.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { startLink } from '../../harness/link.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { channelTo, DEADLINE_MS, holds, NEEDS, oneHome, openingSource, source, take, textOf } from './ends.ts';

const home = oneHome();
const needs = NEEDS;
const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(textOf);
const bodies = (count: number, from = 0): string[] => Array.from({ length: count }, (_, at) => `m${from + at}`);
const streamOf = (queue: string, start?: Start): Partial<RabbitFrom> => ({
  queue,
  type: 'stream',
  ...(start !== undefined && { start }),
});

/** Each in a chunk of its own, once confirmed. */
async function append(channel: Channel, name: string, messages: readonly string[], size = 0): Promise<void> {
  for (const message of messages) {
    channel.sendToQueue(name, Buffer.from(message.padEnd(size)), { persistent: true });
    if ('waitForConfirms' in channel && typeof channel.waitForConfirms === 'function') await channel.waitForConfirms();
  }
}

async function stream(name: string, messages: readonly string[], more: object = {}) {
  const { url } = await home();
  const channel = await channelTo(url);
  const make = () => channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'stream', ...more } });
  await make();
  await append(channel, name, messages);
  return { url, channel, make };
}

/** Reads so many and accepts them, and closes: a bridge that came and went. */
async function visit(
  url: string,
  from: Partial<RabbitFrom>,
  checkpoint: Checkpoint,
  count: number,
): Promise<Delivery[]> {
  const reader = await source(url, from, { checkpoint });
  const read = await take(reader.end, count);
  for (const delivery of read) delivery.settle(ACCEPT);
  await reader.end.close();
  return read;
}

serverTest(
  'a route begins where start says: first, last, at an offset, at a time, or with what comes next',
  { needs },
  async () => {
    const { url, channel } = await stream('starts', bodies(5));
    // The server counts times in seconds.
    await sleep(1100);
    const time = new Date().toISOString();
    await append(channel, 'starts', bodies(3, 5));
    const begun = async (start: Start | undefined, count: number): Promise<string[]> =>
      texts(await visit(url, streamOf('starts', start), newCheckpoint(), count));
    assert.deepEqual(await begun(undefined, 8), bodies(8));
    assert.deepEqual(await begun('first', 2), bodies(2));
    assert.deepEqual(await begun('last', 1), ['m7']);
    assert.deepEqual(await begun({ offset: 3 }, 2), bodies(2, 3));
    assert.deepEqual(await begun({ time }, 3), bodies(3, 5));
    const next = await source(url, streamOf('starts', 'next'), {});
    await append(channel, 'starts', ['m8']);
    assert.deepEqual(texts(await take(next.end, 1)), ['m8']);
  },
);

serverTest('an id is stream and offset, the same for every reader', { needs }, async () => {
  const { url } = await stream('ids', bodies(3));
  const ids = (await visit(url, streamOf('ids'), newCheckpoint(), 3)).map(({ id }) => id);
  assert.deepEqual(ids, ['ids:0', 'ids:1', 'ids:2']);
});

serverTest(
  'a route goes on behind what it settled, with nothing left out and nothing repeated',
  { needs },
  async () => {
    const { url, channel } = await stream('goes-on', bodies(10));
    const checkpoint = newCheckpoint();
    assert.deepEqual(texts(await visit(url, streamOf('goes-on', 'first'), checkpoint, 4)), bodies(4));
    await append(channel, 'goes-on', bodies(2, 10));
    assert.deepEqual(texts(await visit(url, streamOf('goes-on', 'next'), checkpoint, 8)), bodies(8, 4));
  },
);

serverTest(
  'what is unsettled in the middle comes again at the next start, with what was settled behind it',
  { needs },
  async () => {
    const { url } = await stream('gaps', bodies(6));
    const checkpoint = newCheckpoint();
    const reader = await source(url, streamOf('gaps'), { checkpoint });
    const read = await take(reader.end, 6);
    for (const [at, delivery] of read.entries()) if (at !== 2) delivery.settle(ACCEPT);
    await reader.end.close();
    assert.deepEqual(texts(await visit(url, streamOf('gaps'), checkpoint, 4)), bodies(4, 2));
  },
);

serverTest('the place is written about once a second: a crash repeats no more than that', { needs }, async () => {
  const { url } = await stream('crash', bodies(10));
  let writes = 0;
  const kept = newCheckpoint();
  const checkpoint: Checkpoint = {
    read: () => kept.read(),
    write(text) {
      writes += 1;
      kept.write(text);
    },
  };
  const reader = await source(url, streamOf('crash'), { checkpoint });
  const read = await take(reader.end, 6);
  for (const delivery of read) delivery.settle(ACCEPT);
  await waitFor(() => kept.read()?.includes('"offset":5') === true, DEADLINE_MS, 'the place to be written');
  assert.ok(writes <= 3, `${writes} writes`);
  // Not closed: another process takes the folder over.
  assert.deepEqual(texts(await visit(url, streamOf('crash'), { ...checkpoint }, 4)), bodies(4, 6));
});

serverTest(
  'cuts repeat nothing and leave nothing out, for the engine still holds what it was given',
  { needs },
  async () => {
    const { channel } = await stream('cuts', bodies(10));
    const { port, vhost } = await home();
    await using link = await startLink(port);
    const reader = await source(`amqp://127.0.0.1:${link.port}/${vhost}`, streamOf('cuts'), {
      window: { messages: 4 },
    });
    const seen: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const read = await take(reader.end, 4);
      seen.push(...texts(read));
      const lost = reader.nextReport('disconnected');
      await link.cut();
      await lost;
      // Settled in a later session than they came in.
      for (const delivery of read) delivery.settle(ACCEPT);
      await append(channel, 'cuts', bodies(2, 10 + 2 * round));
      await link.mend();
    }
    seen.push(...texts(await take(reader.end, 2)));
    assert.deepEqual(seen, bodies(18));
  },
);

serverTest('what was written while a route that began with next was away is not left out', { needs }, async () => {
  const { url, channel } = await stream('next', ['old']);
  await sleep(2100);
  const checkpoint = newCheckpoint();
  const first = await source(url, streamOf('next', 'next'), { checkpoint });
  await first.end.close();
  await append(channel, 'next', bodies(2));
  assert.deepEqual(texts(await visit(url, streamOf('next', 'next'), checkpoint, 2)), bodies(2));
});

serverTest(
  'a place that retention has cut off is an alarm with the number of messages, and reading goes on',
  { needs },
  async () => {
    const limits = { 'x-max-length-bytes': 20_000, 'x-stream-max-segment-size-bytes': 5000 };
    const { url, channel } = await stream('cut-off', bodies(3), limits);
    const checkpoint = newCheckpoint();
    await visit(url, streamOf('cut-off'), checkpoint, 3);
    await append(channel, 'cut-off', bodies(60, 3), 1000);
    // Retention is judged when a segment is full, and a moment later.
    const first = async (): Promise<number> => {
      const [delivery] = await visit(url, streamOf('cut-off'), newCheckpoint(), 1);
      return Number(delivery?.id.split(':')[1]);
    };
    const begins = await waitFor(
      async () => (await first()) > 3 && (await first()),
      DEADLINE_MS,
      'retention to cut off',
    );
    const reader = await source(url, streamOf('cut-off'), { checkpoint });
    const [delivery] = await take(reader.end, 1);
    const loss = reader.events.find(({ kind }) => kind === 'loss');
    assert.match(
      loss?.kind === 'loss' ? `${loss.code}: ${loss.text}` : '',
      /^POSITION_LOST: stream cut-off begins at offset \d+ now/,
    );
    assert.equal(delivery?.id, `cut-off:${begins}`);
  },
);

serverTest(
  'a stream that was deleted and made again is an alarm, and is read from its beginning under other ids',
  { needs },
  async () => {
    const { url, channel, make } = await stream('remade', bodies(5));
    const checkpoint = newCheckpoint();
    await visit(url, streamOf('remade'), checkpoint, 3);
    await channel.deleteQueue('remade');
    await make();
    await append(channel, 'remade', bodies(6, 100));
    const reader = await source(url, streamOf('remade'), { checkpoint });
    const read = await take(reader.end, 6);
    assert.deepEqual(texts(read), bodies(6, 100));
    assert.equal(read[0]?.id, 'remade:1:0');
    assert.match(await reader.reported('STREAM_REPLACED'), /another one than before.*read from its beginning/);
    for (const delivery of read) delivery.settle(ACCEPT);
    await reader.end.close();
    await append(channel, 'remade', ['last']);
    assert.deepEqual(texts(await visit(url, streamOf('remade'), checkpoint, 1)), ['last']);
  },
);

serverTest(
  'so it is where the route has settled nothing of the one before: what a sink may hold of that has other ids',
  { needs },
  async () => {
    const { url, channel, make } = await stream('remade-early', bodies(5));
    const checkpoint = newCheckpoint();
    const open = () => source(url, streamOf('remade-early'), { checkpoint });
    const before: Delivery[] = [];
    // A bridge that was killed, and back: what comes again has its ids.
    for (let start = 0; start < 2; start += 1) {
      const reader = await open();
      before.push(...(await take(reader.end, 5)));
      await reader.end.close();
    }
    assert.deepEqual(texts(before), [...bodies(5), ...bodies(5)]);
    assert.equal(new Set(before.map(({ id }) => id)).size, 5);
    await channel.deleteQueue('remade-early');
    await make();
    await append(channel, 'remade-early', bodies(6, 100));
    const reader = await open();
    const read = await take(reader.end, 6);
    assert.deepEqual(texts(read), bodies(6, 100));
    assert.ok(read.every(({ id }) => before.every((one) => one.id !== id)));
    await reader.reported('STREAM_REPLACED');
    await reader.end.close();
  },
);

serverTest('a shorter stream of that name is an alarm too, and nothing of it is left out', { needs }, async () => {
  const { url, channel, make } = await stream('shorter', bodies(10));
  const checkpoint = newCheckpoint();
  await visit(url, streamOf('shorter'), checkpoint, 8);
  await channel.deleteQueue('shorter');
  await make();
  await append(channel, 'shorter', bodies(2, 100));
  const reader = await source(url, streamOf('shorter'), { checkpoint });
  await append(channel, 'shorter', bodies(1, 102));
  assert.deepEqual(texts(await take(reader.end, 3)), bodies(3, 100));
  assert.match(await reader.reported('STREAM_REPLACED'), /ends before the place/);
});

serverTest(
  'a stream is made under create, and its consumer is back after the stream was deleted',
  { needs },
  async () => {
    const { url } = await home();
    const channel = await channelTo(url);
    const reader = openingSource(url, streamOf('created'), { connection: { create: true } });
    const end = await reader.opened;
    await append(channel, 'created', ['m0']);
    assert.deepEqual(texts(await take(end, 1)), ['m0']);
    await holds(channel, 'created', 1);
    const lost = reader.nextReport('disconnected');
    await channel.deleteQueue('created');
    await lost;
    await reader.nextReport('connected');
    await append(channel, 'created', ['m1']);
    assert.deepEqual(texts(await take(end, 1)), ['m1']);
  },
);
