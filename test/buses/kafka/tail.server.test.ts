import assert from 'node:assert/strict';
import { topicsOfTemplate } from '../../../runtime/buses/kafka/topics.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { frameForTest, openSink } from './ends.ts';
import { idOf, madeAt, missing, others, ours, tailOf } from './log-recovery.ts';

const NEEDS = ['kafka'] as const;
const MILLION = 1_000_000;

serverTest(
  'what the sink has sent to several partitions is its tail; other writers between do not hide it',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('several');
    await kafka.createTopic(topic, { partitions: 5 });
    await using sink = await openSink(broker, { topic, compression: 'gzip' });
    assert.deepEqual(await tailOf(sink), { ids: new Map(), seen: 0, lacks: undefined }, 'an empty topic');
    for (let from = 0; from < 3000; from += 500) {
      await sink.deliver(ours(topic, from, from + 500));
      await sink.deliver(others(topic, 500));
      await sink.deliver([frameForTest(topic, 'anonymous'), frameForTest(topic, null, { key: 'k1' })]);
    }
    const tail = await tailOf(sink, 20_000);
    assert.deepEqual([missing(tail, 0, 3000), tail.ids.size, tail.lacks], [[], 3000, undefined]);
    // What was sent twice in between, for a topic that was not led yet, is there twice.
    assert.ok(tail.seen >= 6012, `${tail.seen} were looked at`);
  },
);

serverTest(
  'an id goes with the time of its message: a younger message of that id is another one',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const [times, stamped] = [ownName('times'), ownName('stamped')];
    await kafka.createTopic(times);
    await kafka.createTopic(stamped, { config: { 'message.timestamp.type': 'LogAppendTime' } });
    const startedMs = Date.now();
    for (const topic of [times, stamped]) {
      await using sink = await openSink(broker, { topic });
      await sink.deliver(ours(topic, 0, 10));
      const { latestMs: latest = 0, ownMs } = (await tailOf(sink)).ids.get(idOf(3)) ?? {};
      assert.equal(ownMs, topic === times ? madeAt : undefined);
      if (topic === times) assert.equal(latest, madeAt);
      else assert.ok(latest > startedMs && latest < Date.now() + patient(10_000), `${latest - startedMs} ms later`);
    }
  },
);

serverTest(
  'of more than are wanted the newest of each partition are found, and of a topic full of others that is said',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('long');
    await kafka.createTopic(topic, { partitions: 2 });
    const window = { messages: 100, bytes: 1024 ** 2 };
    await using sink = await openSink(broker, { topic, window });
    await sink.deliver(ours(topic, 0, 40_000));
    const tail = await tailOf(sink, 2000);
    assert.deepEqual(missing(tail, 38_200, 40_000), []);
    assert.ok(tail.seen < 12_000, `${tail.seen} were looked at`);
    await sink.deliver(others(topic, 40_000));
    const hidden = await tailOf(sink, 2000);
    assert.equal(hidden.ids.size, 0);
    assert.match(hidden.lacks ?? '', /much of others.*0 of the last/);
  },
);

serverTest('of a template every topic is read that it can make, and no other', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const fleet = ownName('fleet');
  const names = ['a.tracks', 'b_2Fc.tracks', 'tracks', 'a.tracks.old', 'a.b.tracks'].map((name) => `${fleet}.${name}`);
  await kafka.createTopics(names, { partitions: 2 });
  await using all = await openSink(broker, { topic: '{key}' });
  for (const [at, name] of names.entries()) await all.deliver(ours(name, 100 * at, 100 * (at + 1)));
  await using sink = await openSink(broker, { topic: `${fleet}.{key}.tracks` });
  const tail = await tailOf(sink);
  assert.deepEqual([missing(tail, 0, 200), tail.ids.size, tail.lacks], [[], 200, undefined]);
  await using one = await openSink(broker, { topic: `${fleet}.a.tracks`, partition: 1 });
  const part = await tailOf(one);
  assert.ok(part.ids.size > 0 && part.ids.size < 100, 'the one partition that the sink writes to');
  assert.ok(!topicsOfTemplate('{key}')('__consumer_offsets'));
});

serverTest('the tail of a topic of a million messages is read in less than a second', { needs: NEEDS }, async (t) => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('million');
  await kafka.createTopic(topic, { partitions: 4 });
  await using sink = await openSink(broker, { topic });
  for (let at = 0; at < MILLION; at += 20_000) await sink.deliver(ours(topic, at, at + 20_000));
  const startedMs = performance.now();
  const tail = await tailOf(sink, 24_096);
  const tookMs = performance.now() - startedMs;
  t.diagnostic(`${tail.ids.size} ids of ${tail.seen} messages in ${Math.round(tookMs)} ms`);
  assert.deepEqual(missing(tail, MILLION - 20_000, MILLION), []);
  assert.ok(tookMs < patient(1000), `${tookMs} ms`);
});
