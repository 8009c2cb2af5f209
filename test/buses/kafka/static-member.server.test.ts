import assert from 'node:assert/strict';
import { serverTest } from '../../harness/server-test.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { patient } from '../../harness/patience.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { bodyOf, frameForTest, openSink, openSource } from './ends.ts';

const NEEDS = ['kafka'] as const;

/** Records 0, 1, 2 and so on. */
async function write(broker: string, topic: string, count: number, partition: number): Promise<void> {
  await using sink = await openSink(broker, { topic, partition });
  await sink.deliver(Array.from({ length: count }, (_, at) => frameForTest(topic, String(at), { key: 'k' })));
}

serverTest('a member that died with its instance has its partitions again at once', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('static');
  await kafka.createTopic(topic, { partitions: 2 });
  const options = {
    topics: [topic],
    group: topic,
    instance: 'one',
    sessionTimeout: '30s',
    rebalanceTimeout: '30s',
  };
  // Nothing says that it leaves: a static member never does.
  await (await openSource(broker, options)).source.close();
  const beganMs = performance.now();
  await using source = await openSource(broker, options);
  assert.ok(performance.now() - beganMs < patient(5000), 'no session was waited for');
  await write(broker, topic, 3, 0);
  await source.take(3);
});

serverTest('a source that is stopped leaves its partitions to the others at once', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('stopped');
  await kafka.createTopic(topic, { partitions: 2 });
  const options = { topics: [topic], group: topic, sessionTimeout: '30s', rebalanceTimeout: '30s' };
  const members = async (): Promise<number> =>
    kafka.admin(async (admin) => (await admin.describeGroups([topic])).groups[0]?.members.length ?? 0);
  const source = await openSource(broker, options);
  assert.equal(await members(), 1);
  await source.source.close();
  assert.equal(await members(), 0);
});

serverTest(
  'two processes with copies of one state folder become two members of the group',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('copies');
    await kafka.createTopic(topic, { partitions: 2 });
    const [one, other] = [newCheckpoint(), newCheckpoint()];
    const options = { topics: [topic], group: topic, sessionTimeout: '6s', rebalanceTimeout: '6s' };
    await using first = await openSource(broker, { ...options, checkpoint: one });
    other.write(one.read() ?? '');
    await using second = await openSource(broker, { ...options, checkpoint: other });
    await first.reported('GROUP_INSTANCE_RENEWED');
    await write(broker, topic, 5, 0);
    await write(broker, topic, 5, 1);
    const read = await Promise.all([first.take(5), second.take(5)]);
    assert.deepEqual(
      read.map((batch) => new Set(batch.map(({ id }) => id.split('/')[1])).size),
      [1, 1],
    );
    assert.notEqual(one.read(), other.read());
  },
);

serverTest(
  'partitions that a topic got while the process was dead are read when it is back',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('grown-meanwhile');
    await kafka.createTopic(topic);
    // Named, so that the one that is taken for dead stays out of the group.
    const options = {
      topics: [topic],
      group: topic,
      instance: 'one',
      checkpoint: newCheckpoint(),
      sessionTimeout: '30s',
    };
    await using _dead = await openSource(broker, options);
    await kafka.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
    await write(broker, topic, 3, 1);
    await using back = await openSource(broker, options);
    assert.deepEqual((await back.take(3)).map(bodyOf), ['0', '1', '2']);
  },
);

serverTest('a second process of the same instance fences the first, which says so', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('fenced');
  await kafka.createTopic(topic);
  const options = { topics: [topic], group: topic, instance: 'one' };
  await using first = await openSource(broker, options);
  await using _second = await openSource(broker, options);
  assert.match(await first.reported('BUS_SETTING'), /instance/);
});
