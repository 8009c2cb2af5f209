import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Tail } from '#contract/sink.ts';
import { topicsOfTemplate } from '../../../runtime/buses/kafka/topics.ts';
import { type Kafka, startKafka } from '../../harness/kafka.ts';
import { law } from '../../harness/law.ts';
import { frameOf, openSink, type TestSink } from './ends.ts';

const NEEDS = ['kafka-process'] as const;
const PREFIX = 'fleet/tracks/';
const MILLION = 1_000_000;

let starting: Promise<Kafka> | undefined;
const node = (): Promise<Kafka> => (starting ??= startKafka());
after(async () => (await starting)?.[Symbol.asyncDispose]());

const madeAt = Date.now() - 60_000;
const idOf = (number: number): string => `${PREFIX}m:${number}`;

/** As the bridge sends them. */
function ours(topic: string, from: number, to: number, more: Partial<Frame> = {}): Frame[] {
  return Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    return frameOf(topic, `body ${number}`, { key: `k${number % 50}`, id: idOf(number), timestampMs: madeAt, ...more });
  });
}

let written = 0;

function others(topic: string, count: number, more: Partial<Frame> = {}): Frame[] {
  return Array.from({ length: count }, (_, at) =>
    frameOf(topic, 'other', { key: `k${at % 50}`, id: `fleet/tracks-2/m:${(written += 1)}`, ...more }),
  );
}

async function tailOf({ sink }: TestSink, most = 1000, signal = AbortSignal.timeout(20_000)): Promise<Tail> {
  for (;;) {
    assert.ok(sink.tail !== undefined);
    try {
      return await sink.tail({ prefix: PREFIX, most }, signal);
    } catch (thrown) {
      // As the runtime does: a topic that was just made is not led at once.
      if (asSluiceError(thrown).code !== 'BUS_UNREACHABLE' || signal.aborted) throw thrown;
      await sleep(100);
    }
  }
}

const missing = ({ ids }: Tail, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => idOf(from + at)).filter((id) => !ids.has(id));

law(
  'what the sink has sent to several partitions is its tail; other writers between do not hide it',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('several', { partitions: 5 });
    await using sink = await openSink(broker, { topic: 'several', compression: 'gzip' });
    assert.deepEqual(await tailOf(sink), { ids: new Map(), seen: 0, lacks: undefined }, 'an empty topic');
    for (let from = 0; from < 3000; from += 500) {
      await sink.deliver(ours('several', from, from + 500));
      await sink.deliver(others('several', 500));
      await sink.deliver([frameOf('several', 'anonymous'), frameOf('several', null, { key: 'k1' })]);
    }
    const tail = await tailOf(sink, 20_000);
    assert.deepEqual([missing(tail, 0, 3000), tail.ids.size, tail.lacks], [[], 3000, undefined]);
    // What was sent twice in between, for a topic that was not led yet, is there twice.
    assert.ok(tail.seen >= 6012, `${tail.seen} were looked at`);
  },
);

law(
  'an id goes with the time of its message: a younger message of that id is another one',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('times');
    await kafka.createTopic('stamped', { config: { 'message.timestamp.type': 'LogAppendTime' } });
    const startedMs = Date.now();
    for (const topic of ['times', 'stamped']) {
      await using sink = await openSink(broker, { topic });
      await sink.deliver(ours(topic, 0, 10));
      const latest = (await tailOf(sink)).ids.get(idOf(3)) ?? 0;
      if (topic === 'times') assert.equal(latest, madeAt + 1);
      else assert.ok(latest > startedMs && latest < Date.now() + 10_000, `${latest - startedMs} ms later`);
    }
  },
);

law(
  'of more than are wanted the newest of each partition are found, and of a topic full of others that is said',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('long', { partitions: 2 });
    const window = { messages: 100, bytes: 1024 ** 2 };
    await using sink = await openSink(broker, { topic: 'long', window });
    await sink.deliver(ours('long', 0, 40_000));
    const tail = await tailOf(sink, 2000);
    assert.deepEqual(missing(tail, 38_200, 40_000), []);
    assert.ok(tail.seen < 12_000, `${tail.seen} were looked at`);
    await sink.deliver(others('long', 40_000));
    const hidden = await tailOf(sink, 2000);
    assert.equal(hidden.ids.size, 0);
    assert.match(hidden.lacks ?? '', /much of others.*0 of the last/);
  },
);

law('of a template every topic is read that it can make, and no other', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopics(
    ['fleet.a.tracks', 'fleet.b_2Fc.tracks', 'fleet.tracks', 'fleet.a.tracks.old', 'fleet.a.b.tracks'],
    {
      partitions: 2,
    },
  );
  await using all = await openSink(broker, { topic: '{key}' });
  await all.deliver(ours('fleet.a.tracks', 0, 100));
  await all.deliver(ours('fleet.b_2Fc.tracks', 100, 200));
  await all.deliver(ours('fleet.tracks', 200, 300));
  await all.deliver(ours('fleet.a.tracks.old', 300, 400));
  await all.deliver(ours('fleet.a.b.tracks', 400, 500));
  await using sink = await openSink(broker, { topic: 'fleet.{key}.tracks' });
  const tail = await tailOf(sink);
  assert.deepEqual([missing(tail, 0, 200), tail.ids.size, tail.lacks], [[], 200, undefined]);
  await using one = await openSink(broker, { topic: 'fleet.a.tracks', partition: 1 });
  const part = await tailOf(one);
  assert.ok(part.ids.size > 0 && part.ids.size < 100, 'the one partition that the sink writes to');
  assert.ok(!topicsOfTemplate('{key}')('__consumer_offsets'));
});

law('the tail of a topic of a million messages is read in less than a second', { needs: NEEDS }, async (t) => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('million', { partitions: 4 });
  await using sink = await openSink(broker, { topic: 'million' });
  for (let at = 0; at < MILLION; at += 20_000) await sink.deliver(ours('million', at, at + 20_000));
  const startedMs = performance.now();
  const tail = await tailOf(sink, 24_096);
  const tookMs = performance.now() - startedMs;
  t.diagnostic(`${tail.ids.size} ids of ${tail.seen} messages in ${Math.round(tookMs)} ms`);
  assert.deepEqual(missing(tail, MILLION - 20_000, MILLION), []);
  assert.ok(tookMs < 1000, `${tookMs} ms`);
});

law('who may write and not read is told what to grant, and the sink goes on', { needs: NEEDS }, async () => {
  await using kafka = await startKafka({ users: { ann: 'opensesame' }, acl: true });
  await kafka.createTopic('ours');
  await kafka.allowToWrite('ann', 'ours');
  const sasl = { mechanism: 'plain', username: 'ann', password: 'opensesame' } as const;
  await using sink = await openSink(kafka.listeners.sasl, { topic: 'ours', connection: { sasl } });
  const empty = await tailOf(sink);
  assert.match(empty.lacks ?? '', /grant READ/, 'before the first crash');
  await sink.deliver(ours('ours', 0, 10));
  const { ids, lacks } = await tailOf(sink);
  assert.equal(ids.size, 0);
  assert.match(lacks ?? '', /topic ours cannot be read; grant READ on it/);
  await sink.deliver(ours('ours', 10, 20));
});

law(
  'who is told to stop answers at once with what it found so far, and leaves the sink as it was',
  { needs: NEEDS },
  async () => {
    await using kafka = await startKafka({ proxied: 1 });
    await kafka.createTopic('slow');
    const [link] = kafka.links;
    assert.ok(link !== undefined);
    await using sink = await openSink(`127.0.0.1:${link.port}`, { topic: 'slow' });
    await sink.deliver(ours('slow', 0, 10_000));
    link.delayMs(200);
    const stop = new AbortController();
    const reading = tailOf(sink, 10_000, stop.signal);
    await sleep(1200);
    link.blackhole();
    await sleep(300);
    const askedMs = performance.now();
    stop.abort();
    const tail = await reading;
    assert.ok(performance.now() - askedMs < 500);
    assert.ok(tail.ids.size < 10_000, 'all was read before: it proves nothing');
    assert.match(tail.lacks ?? '', /too slow/);
    await link.mend();
    link.delayMs(0);
    await sink.deliver(ours('slow', 10_000, 10_010));
    assert.deepEqual(
      sink.events.filter(({ kind }) => kind === 'disconnected' || kind === 'problem'),
      [],
    );
  },
);
