import assert from 'node:assert/strict';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { KafkaDoor } from '../../harness/kafka-door.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { startBridge } from '../../harness/bridge.ts';
import { trackProject } from '../../kill/track-project.ts';
import { bodyOf, DEADLINE_MS, frameForTest, openSink, openSource } from './ends.ts';

const NEEDS = ['kafka'] as const;
/** Once a minute it is looked whether there are more partitions. */
const GROWN_MS = 75_000;

async function write(kafka: KafkaDoor, topic: string, from: number, count: number, partition = 0): Promise<void> {
  await using sink = await openSink(kafka.brokers, { topic, partition });
  for (let at = 0; at < count; at += 1) await sink.deliver([frameForTest(topic, String(from + at), { key: 'k' })]);
}

const numbers = (from: number, count: number): string[] => Array.from({ length: count }, (_, at) => String(from + at));

/** Deletes it, and makes one of the same name as soon as the name is free. */
async function makeAnew(kafka: KafkaDoor, topic: string): Promise<void> {
  await kafka.admin((admin) => admin.deleteTopics({ topics: [topic] }));
  await waitFor(() => kafka.createTopic(topic).then(() => true), DEADLINE_MS, 'the topic to be made anew');
}

for (const [how, more] of [
  ['fewer', 3],
  ['as many', 5],
  ['more', 40],
] as const) {
  serverTest(
    `a topic that is deleted and made anew while it is read, with ${how} messages than were read, is read from its beginning and said as a loss`,
    { needs: NEEDS },
    async () => {
      const kafka = await sharedKafka();
      const topic = ownName('anew');
      await kafka.createTopic(topic);
      await write(kafka, topic, 0, 5);
      await using source = await openSource(kafka.brokers, { topics: [topic], group: topic });
      const before = await source.settleUntil((read) => read.length === 5);
      await makeAnew(kafka, topic);
      await write(kafka, topic, 100, more);
      const read = await source.settleUntil((taken) =>
        taken.some((delivery) => bodyOf(delivery) === String(99 + more)),
      );
      assert.deepEqual(read.map(bodyOf), numbers(100, more));
      assert.match(await source.reported('LOG_CUT_OFF'), new RegExp(`${topic}/0`));
      const ids = new Set(before.map(({ id }) => id));
      assert.ok(read.every(({ id }) => !ids.has(id)));
    },
  );
}

serverTest(
  'what retention removes while the route runs and before it was read is a loss that is counted, and reading goes on behind it',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const topic = ownName('retention');
    await kafka.createTopic(topic);
    {
      await using sink = await openSink(kafka.brokers, { topic });
      await sink.deliver(
        Array.from({ length: 100 }, (_, at) => frameForTest(topic, String(at).padEnd(32_768), { key: 'k' })),
      );
    }
    await using source = await openSource(kafka.brokers, {
      topics: [topic],
      group: topic,
      maxBytesPerPartition: '32KiB',
    });
    const [first] = await source.take(1);
    await kafka.admin(async (admin) => {
      // The client does not look for the leader by itself.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '90' }] });
    });
    first?.settle(ACCEPT);
    const at = (delivery: Delivery): number => Number(bodyOf(delivery));
    const read = (await source.settleUntil((taken) => taken.some((delivery) => at(delivery) === 99))).map(at);
    const lost = Array.from({ length: 90 }, (_, number) => number).filter(
      (number) => number > 0 && !read.includes(number),
    );
    const said = /up to (\d+) messages of/.exec(await source.reported('POSITION_LOST'))?.[1];
    assert.ok(lost.length > 0, 'all was read before: it proves nothing');
    assert.equal(Number(said), lost.length);
    assert.deepEqual(read.slice(-10), [90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
  },
);

for (const start of ['earliest', 'latest'] as const) {
  serverTest(
    `a topic that is deleted and made anew while the route is stopped is read from its beginning, and said as a loss, also where start is ${start}`,
    { needs: NEEDS },
    async () => {
      const kafka = await sharedKafka();
      const topic = ownName('anew-stopped');
      await kafka.createTopic(topic);
      const options = { topics: [topic], group: topic, start, checkpoint: newCheckpoint() };
      {
        await using source = await openSource(kafka.brokers, options);
        await write(kafka, topic, 0, 5);
        await source.settleUntil((read) => read.length === 5);
      }
      await makeAnew(kafka, topic);
      await write(kafka, topic, 100, 40);
      {
        await using source = await openSource(kafka.brokers, options);
        assert.deepEqual((await source.settleUntil((read) => read.length === 40)).map(bodyOf), numbers(100, 40));
        assert.match(await source.reported('LOG_CUT_OFF'), /made anew while the route was stopped/);
      }
      await write(kafka, topic, 200, 1);
      await using source = await openSource(kafka.brokers, options);
      assert.deepEqual((await source.settleUntil((read) => read.length === 1)).map(bodyOf), ['200']);
      assert.ok(!source.events.some(({ kind }) => kind === 'loss'), 'it is said once');
    },
  );
}

serverTest(
  'a topic that is deleted and made anew while the bridge waits for its sink is a loss with its number, and the bridge reads on and is ready',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [input, output] = [ownName('in'), ownName('out')];
    await kafka.createTopics([input, output]);
    const count = async (topic: string): Promise<number> =>
      Number((await kafka.admin((admin) => admin.fetchTopicOffsets(topic)))[0]?.high);
    await write(kafka, input, 0, 100);
    using project = trackProject();
    const file = project.pipeline('anew', {
      buses: { log: { bus: 'kafka', brokers: kafka.brokers } },
      routes: [
        {
          name: 'r',
          from: { bus: 'log', topics: [input], group: input, window: { messages: 10 }, sessionTimeout: '6s' },
          to: { bus: 'log', topic: output },
        },
      ],
    });
    const bridge = startBridge(project.folder, file);
    await bridge.ready();
    await waitFor(async () => (await count(output)) === 100, DEADLINE_MS, 'all of the first');
    await kafka.admin((admin) => admin.deleteTopics({ topics: [output] }));
    await write(kafka, input, 100, 100);
    await waitFor(async () => (await bridge.metric('sluice_pipeline_held')) === 10, DEADLINE_MS, 'a full window');
    await makeAnew(kafka, input);
    await write(kafka, input, 1000, 200);
    const lost = async (): Promise<boolean> => (await bridge.metric('sluice_source_lost_messages_total')) === 90;
    await waitFor(lost, DEADLINE_MS, '90 messages to be counted as lost');
    assert.match(
      (await bridge.ask('/metrics')).text,
      /^sluice_source_losses_total\{.*sluice_code="LOG_CUT_OFF",sluice_loss_is_counted="yes"\} 1$/m,
    );
    await kafka.createTopic(output);
    await waitFor(async () => (await count(output)) >= 210, DEADLINE_MS, 'what was held, and all of the second');
    await waitFor(async () => (await bridge.ask('/readyz')).status === 200, DEADLINE_MS, 'it to be ready again');
    const lag = async (): Promise<number> => {
      const [found] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: input, topics: [input] }));
      return (await count(input)) - Number(found?.partitions[0]?.offset);
    };
    await waitFor(async () => (await lag()) === 0, DEADLINE_MS, 'the group to have no lag');
    assert.equal(await bridge.terminate(DEADLINE_MS), 'exit code 0', bridge.tail());
  },
);

serverTest(
  'a topic that is deleted and made anew with fewer partitions while the route writes takes everything that comes then',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const topic = ownName('written-anew');
    await kafka.createTopic(topic, { partitions: 4 });
    await using sink = await openSink(kafka.brokers, { topic, timeout: '2s' });
    const keys = Array.from({ length: 16 }, (_, at) => `k${at}`);
    const round = (number: number): Promise<void> =>
      sink.deliver(keys.map((key) => frameForTest(topic, String(number), { key })));
    await round(1);
    await makeAnew(kafka, topic);
    await round(2);
    await round(3);
    await using source = await openSource(kafka.brokers, { topics: [topic], group: `${topic}-after` });
    const read = await source.settleUntil(
      (taken) => new Set(taken.map((one) => `${one.frame.key} ${bodyOf(one)}`)).size >= 32,
    );
    assert.ok(read.every((delivery) => bodyOf(delivery) !== '1'));
  },
);

serverTest('a partition that is added while the route runs is read from its beginning', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const topic = ownName('grows');
  await kafka.createTopic(topic);
  await using source = await openSource(kafka.brokers, { topics: [topic], group: topic, start: 'latest' });
  await kafka.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
  await write(kafka, topic, 0, 3, 1);
  const read: string[] = [];
  const signal = AbortSignal.timeout(GROWN_MS);
  while (read.length < 3) {
    const batch = await source.source.read({ messages: 10, bytes: 1e6 }, signal);
    assert.ok(batch.length > 0, 'nothing of the new partition came');
    for (const delivery of batch) {
      read.push(bodyOf(delivery) ?? '');
      delivery.settle(ACCEPT);
    }
  }
  assert.deepEqual(read, ['0', '1', '2']);
});

serverTest(
  'the server refuses to set the offsets of a group whose route runs; set while it is stopped, the route goes on from there and does not send again what its sink still holds',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [input, output] = [ownName('in'), ownName('out')];
    await kafka.createTopics([input, output]);
    await write(kafka, input, 0, 10);
    using project = trackProject();
    const bus = { bus: 'kafka', brokers: kafka.brokers };
    const from = { bus: 'log', topics: [input], group: input, sessionTimeout: '6s' };
    const file = project.pipeline('reset', {
      buses: { log: bus },
      routes: [{ name: 'r', from, to: { bus: 'log', topic: output } }],
    });
    const high = async (): Promise<number> =>
      Number((await kafka.admin((admin) => admin.fetchTopicOffsets(output)))[0]?.high);
    const set = (offset: string): Promise<void> =>
      kafka.admin((admin) =>
        admin.setOffsets({ groupId: input, topic: input, partitions: [{ partition: 0, offset }] }),
      );
    const first = startBridge(project.folder, file);
    await waitFor(async () => (await high()) === 10, DEADLINE_MS, 'the first ten');
    await assert.rejects(set('0'), /consumer group must have no running instances|UNKNOWN_MEMBER_ID|not aware/i);
    assert.equal(await first.terminate(DEADLINE_MS), 'exit code 0', first.tail());
    await set('4');
    const second = startBridge(project.folder, file);
    await write(kafka, input, 10, 2);
    await waitFor(async () => (await high()) >= 12, DEADLINE_MS, 'the two new ones');
    await waitFor(
      async () => (await second.metric('sluice_pipeline_repeated_total')) === 6,
      DEADLINE_MS,
      'what is read again to end as repeated',
    );
    assert.equal(await high(), 12);
    assert.equal(await second.terminate(DEADLINE_MS), 'exit code 0', second.tail());
    await write(kafka, input, 12, 8);
    await set('18');
    const third = startBridge(project.folder, file);
    await waitFor(async () => (await high()) === 14, DEADLINE_MS, 'what lies behind the place that was set');
    assert.equal(await third.terminate(DEADLINE_MS), 'exit code 0', third.tail());
  },
);
