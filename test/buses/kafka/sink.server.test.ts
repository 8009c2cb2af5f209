import assert from 'node:assert/strict';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, frameForTest, openSink, openSource, type TestSink } from './ends.ts';

const NEEDS = ['kafka'] as const;

const codeOf = (result: PromiseSettledResult<unknown>): string =>
  result.status === 'fulfilled'
    ? 'ok'
    : result.reason instanceof SluiceError
      ? result.reason.code
      : String(result.reason);

const sendAll = (sink: TestSink, frames: readonly Frame[]): Promise<PromiseSettledResult<unknown>[]> =>
  Promise.allSettled(frames.map((frame) => sink.send(frame)));

async function bodies(broker: string, topic: string, count: number): Promise<(string | null)[]> {
  await using source = await openSource(broker, { topics: [topic], group: `read ${topic}` });
  return (await source.take(count)).map(bodyOf);
}

serverTest('what is sent at once leaves as few batches, and each send hears of its own', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('many');
  await kafka.createTopic(topic, { partitions: 3 });
  await using sink = await openSink(broker, { topic });
  const frames = Array.from({ length: 1000 }, (_, at) => frameForTest(topic, String(at), { key: `k${at % 10}` }));
  await sink.deliver(frames);
  assert.equal(new Set(await bodies(broker, topic, 1000)).size, 1000);
  const batches = [0, 1, 2].reduce((sum, partition) => sum + kafka.compressions(topic, partition).length, 0);
  assert.ok(batches <= 9, `${batches} batches`);
});

serverTest('a message too large for its topic is refused alone, whoever knows it first', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  for (const compression of ['none', 'gzip'] as const) {
    const topic = ownName(`small-${compression}`);
    await kafka.createTopic(topic, { config: { 'max.message.bytes': '2000' } });
    await using sink = await openSink(broker, { topic, compression });
    const big = Buffer.from(Array.from({ length: 8000 }, () => Math.floor(Math.random() * 256)));
    const frames = [frameForTest(topic, 'a'), frameForTest(topic, '', { body: big }), frameForTest(topic, 'b')];
    // Compressed, only the server can tell: it refuses the batch, and then each message alone.
    await waitFor(
      async () => (await sendAll(sink, frames)).map(codeOf).join() === 'ok,SINK_TOO_LARGE,ok',
      DEADLINE_MS,
      'each to hear of its own',
    );
  }
});

serverTest('many that a topic takes only in small batches all pass', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('narrow');
  await kafka.createTopic(topic, { config: { 'max.message.bytes': '3000' } });
  await using sink = await openSink(broker, { topic });
  await sink.deliver(Array.from({ length: 50 }, (_, at) => frameForTest(topic, 'x'.repeat(1000) + at)));
});

serverTest(
  'a fixed topic that is missing is a problem that names it, until it is there',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('later');
    const opening = openSink(broker, { topic });
    // The context is inside: so give it a moment by what it is waited for.
    await kafka.createTopic(topic);
    await using sink = await opening;
    await sink.deliver([frameForTest(topic, 'x')]);
  },
);

serverTest(
  'a topic that messages name and that is missing is their fault, and names it; others pass',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const own = ownName('to');
    const [there, nowhere] = [`${own}.there`, `${own}.nowhere`];
    await kafka.createTopic(there);
    await using sink = await openSink(broker, { topic: `${own}.{key}` });
    await sink.deliver([frameForTest(there, 'first')]);
    const [first, second, third] = await sendAll(sink, [
      frameForTest(there, 'a'),
      frameForTest(nowhere, 'b'),
      frameForTest(there, 'c'),
    ]);
    assert.ok(first && second && third);
    assert.deepEqual([codeOf(first), codeOf(second), codeOf(third)], ['ok', 'ADDRESS_INVALID', 'ok']);
    assert.ok(String(second.status === 'rejected' && second.reason).includes(nowhere));
    // Made meanwhile, it is found.
    await kafka.createTopic(nowhere);
    await waitFor(
      async () =>
        codeOf((await sendAll(sink, [frameForTest(nowhere, 'd')]))[0] ?? { status: 'rejected', reason: '' }) === 'ok',
      DEADLINE_MS,
      'the topic to be found',
    );
  },
);

serverTest('a topic is made only where the file says so', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('made.now');
  await using sink = await openSink(broker, { topic: 'made.{key}', connection: { create: true } });
  await sink.deliver([frameForTest(topic, 'x')]);
  assert.ok((await kafka.admin((admin) => admin.listTopics())).includes(topic));
});

serverTest('a fixed partition takes all, and one that is not there is a problem', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('parts');
  await kafka.createTopic(topic, { partitions: 3 });
  await using sink = await openSink(broker, { topic, partition: 2 });
  await sink.deliver(Array.from({ length: 20 }, (_, at) => frameForTest(topic, 'x', { key: String(at) })));
  const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets(topic));
  assert.deepEqual(
    offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => high),
    ['0', '0', '20'],
  );
});

serverTest('keyless messages are spread over the partitions, a batch at a time', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('spread');
  await kafka.createTopic(topic, { partitions: 3 });
  await using sink = await openSink(broker, { topic });
  for (let round = 0; round < 6; round += 1) {
    await sink.deliver(Array.from({ length: 10 }, () => frameForTest(topic, 'x')));
  }
  const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets(topic));
  assert.ok(
    offsets.every(({ high }) => Number(high) >= 20),
    offsets.map(({ high }) => high).join(),
  );
});

serverTest(
  'what expires while its batch waits is not sent, and the rest of the batch is',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('late');
    await kafka.createTopic(topic);
    await using sink = await openSink(broker, { topic, linger: '500ms' });
    const soon = (): number => Date.now() + 100;
    const among = await sendAll(sink, [
      frameForTest(topic, 'a'),
      frameForTest(topic, 'late', { expiresAtMs: soon() }),
      frameForTest(topic, 'b', { expiresAtMs: Date.now() + DEADLINE_MS }),
      frameForTest(topic, 'c'),
    ]);
    assert.deepEqual(among.map(codeOf), ['ok', 'EXPIRED', 'ok', 'ok']);
    const alone = await sendAll(sink, [frameForTest(topic, 'alone', { expiresAtMs: soon() })]);
    assert.deepEqual(alone.map(codeOf), ['EXPIRED']);
    await sink.deliver([frameForTest(topic, 'd')]);
    assert.deepEqual(await bodies(broker, topic, 4), ['a', 'b', 'c', 'd']);
  },
);

serverTest('lingering gathers what comes meanwhile', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('linger');
  await kafka.createTopic(topic);
  await using sink = await openSink(broker, { topic, linger: '500ms' });
  await sink.deliver([frameForTest(topic, 'first')]);
  const sends: Promise<unknown>[] = [];
  for (let at = 0; at < 10; at += 1) {
    sends.push(sink.send(frameForTest(topic, String(at))));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(sends);
  assert.equal(kafka.compressions(topic).length, 2, 'the first, and all the others');
});

serverTest(
  'a topic that is deleted under the sink is reported, and found again when it is back',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('gone');
    await kafka.createTopic(topic);
    await using sink = await openSink(broker, { topic, timeout: '2s' });
    await sink.deliver([frameForTest(topic, 'a')]);
    await kafka.admin((admin) => admin.deleteTopics({ topics: [topic] }));
    await waitFor(
      async () => {
        const [result] = await sendAll(sink, [frameForTest(topic, 'b')]);
        assert.ok(result?.status === 'rejected' && result.reason instanceof SluiceError);
        assert.equal(result.reason.scope, 'bus', "a fixed topic is no message's fault");
        return sink.events.some((event) => event.kind === 'problem' && event.error.code === 'BUS_MISSING');
      },
      DEADLINE_MS,
      'the sink to say that its topic is missing',
    );
    await kafka.createTopic(topic);
    await waitFor(
      async () =>
        codeOf((await sendAll(sink, [frameForTest(topic, 'c')]))[0] ?? { status: 'rejected', reason: '' }) === 'ok',
      DEADLINE_MS,
      'a send to pass again',
    );
  },
);

serverTest(
  'a message that is older than its topic keeps messages is sent, and reported: the server may delete it',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const dayMs = 86_400_000;
    const old = { timestampMs: Date.now() - 2 * dayMs };
    for (const [name, config, notices] of [
      ['short', { 'retention.ms': String(dayMs) }, 2],
      ['long', { 'retention.ms': String(3 * dayMs) }, 0],
      ['ever', { 'retention.ms': '-1' }, 0],
      ['compacted', { 'retention.ms': String(dayMs), 'cleanup.policy': 'compact' }, 0],
      ['stamped', { 'retention.ms': String(dayMs), 'message.timestamp.type': 'LogAppendTime' }, 0],
    ] as const) {
      const topic = ownName(`retention-${name}`);
      await kafka.createTopic(topic, { config });
      await using sink = await openSink(broker, { topic });
      const frames = [frameForTest(topic, 'a', { key: 'k' }), frameForTest(topic, 'b', { key: 'k' })];
      await sink.deliver([...frames.map((frame) => ({ ...frame, ...old })), ...frames]);
      const said = sink.events.filter((event) => event.kind === 'notice' && event.code === 'PAST_RETENTION');
      assert.equal(said.length, notices, name);
    }
  },
);
