import assert from 'node:assert/strict';
import { after } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { type Kafka, startKafka } from '../../harness/kafka.ts';
import { law } from '../../harness/law.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, frameOf, openSink, openSource, type TestSink } from './ends.ts';

const NEEDS = ['kafka-process'] as const;

let starting: Promise<Kafka> | undefined;
const node = (): Promise<Kafka> => (starting ??= startKafka());
after(async () => (await starting)?.[Symbol.asyncDispose]());

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

law('what is sent at once leaves as few batches, and each send hears of its own', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('many', { partitions: 3 });
  await using sink = await openSink(broker, { topic: 'many' });
  const frames = Array.from({ length: 1000 }, (_, at) => frameOf('many', String(at), { key: `k${at % 10}` }));
  await sink.deliver(frames);
  assert.equal(new Set(await bodies(broker, 'many', 1000)).size, 1000);
  const batches = [0, 1, 2].reduce((sum, partition) => sum + kafka.compressions('many', partition).length, 0);
  assert.ok(batches <= 9, `${batches} batches`);
});

law('a message too large for its topic is refused alone, whoever knows it first', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  for (const compression of ['none', 'gzip'] as const) {
    const topic = `small-${compression}`;
    await kafka.createTopic(topic, { config: { 'max.message.bytes': '2000' } });
    await using sink = await openSink(broker, { topic, compression });
    const big = Buffer.from(Array.from({ length: 8000 }, () => Math.floor(Math.random() * 256)));
    const frames = [frameOf(topic, 'a'), frameOf(topic, '', { body: big }), frameOf(topic, 'b')];
    // Compressed, only the server can tell: it refuses the batch, and then each message alone.
    await waitFor(
      async () => (await sendAll(sink, frames)).map(codeOf).join() === 'ok,SINK_TOO_LARGE,ok',
      DEADLINE_MS,
      'each to hear of its own',
    );
  }
});

law('many that a topic takes only in small batches all pass', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('narrow', { config: { 'max.message.bytes': '3000' } });
  await using sink = await openSink(broker, { topic: 'narrow' });
  await sink.deliver(Array.from({ length: 50 }, (_, at) => frameOf('narrow', 'x'.repeat(1000) + at)));
});

law('a fixed topic that is missing is a problem that names it, until it is there', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  const opening = openSink(broker, { topic: 'later' });
  // The context is inside: so give it a moment by what it is waited for.
  await kafka.createTopic('later');
  await using sink = await opening;
  await sink.deliver([frameOf('later', 'x')]);
});

law(
  'a topic that messages name and that is missing is their fault, and names it; others pass',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('to.there');
    await using sink = await openSink(broker, { topic: 'to.{key}' });
    await sink.deliver([frameOf('to.there', 'first')]);
    const [there, nowhere, again] = await sendAll(sink, [
      frameOf('to.there', 'a'),
      frameOf('to.nowhere', 'b'),
      frameOf('to.there', 'c'),
    ]);
    assert.ok(there && nowhere && again);
    assert.deepEqual([codeOf(there), codeOf(nowhere), codeOf(again)], ['ok', 'ADDRESS_INVALID', 'ok']);
    assert.match(String(nowhere.status === 'rejected' && nowhere.reason), /to\.nowhere/);
    // Made meanwhile, it is found.
    await kafka.createTopic('to.nowhere');
    await waitFor(
      async () =>
        codeOf((await sendAll(sink, [frameOf('to.nowhere', 'd')]))[0] ?? { status: 'rejected', reason: '' }) === 'ok',
      DEADLINE_MS,
      'the topic to be found',
    );
  },
);

law('a topic is made only where the file says so', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await using sink = await openSink(broker, { topic: 'made.{key}', connection: { create: true } });
  await sink.deliver([frameOf('made.now', 'x')]);
  assert.ok((await kafka.admin((admin) => admin.listTopics())).includes('made.now'));
});

law('a fixed partition takes all, and one that is not there is a problem', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('parts', { partitions: 3 });
  await using sink = await openSink(broker, { topic: 'parts', partition: 2 });
  await sink.deliver(Array.from({ length: 20 }, (_, at) => frameOf('parts', 'x', { key: String(at) })));
  const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets('parts'));
  assert.deepEqual(
    offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => high),
    ['0', '0', '20'],
  );
});

law('keyless messages are spread over the partitions, a batch at a time', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('spread', { partitions: 3 });
  await using sink = await openSink(broker, { topic: 'spread' });
  for (let round = 0; round < 6; round += 1) {
    await sink.deliver(Array.from({ length: 10 }, () => frameOf('spread', 'x')));
  }
  const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets('spread'));
  assert.ok(
    offsets.every(({ high }) => Number(high) >= 20),
    offsets.map(({ high }) => high).join(),
  );
});

law('lingering gathers what comes meanwhile', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('linger');
  await using sink = await openSink(broker, { topic: 'linger', linger: '150ms' });
  await sink.deliver([frameOf('linger', 'first')]);
  const sends: Promise<unknown>[] = [];
  for (let at = 0; at < 10; at += 1) {
    sends.push(sink.send(frameOf('linger', String(at))));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(sends);
  assert.equal(kafka.compressions('linger').length, 2, 'the first, and all the others');
});

law(
  'a topic that is deleted under the sink is reported, and found again when it is back',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('gone');
    await using sink = await openSink(broker, { topic: 'gone', timeout: '2s' });
    await sink.deliver([frameOf('gone', 'a')]);
    await kafka.admin((admin) => admin.deleteTopics({ topics: ['gone'] }));
    await waitFor(
      async () => {
        const [result] = await sendAll(sink, [frameOf('gone', 'b')]);
        assert.ok(result?.status === 'rejected' && result.reason instanceof SluiceError);
        assert.equal(result.reason.scope, 'bus', "a fixed topic is no message's fault");
        return sink.events.some((event) => event.kind === 'problem' && event.error.code === 'BUS_MISSING');
      },
      DEADLINE_MS,
      'the sink to say that its topic is missing',
    );
    await kafka.createTopic('gone');
    await waitFor(
      async () =>
        codeOf((await sendAll(sink, [frameOf('gone', 'c')]))[0] ?? { status: 'rejected', reason: '' }) === 'ok',
      DEADLINE_MS,
      'a send to pass again',
    );
  },
);
