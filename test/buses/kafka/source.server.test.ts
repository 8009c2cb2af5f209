import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { KafkaDoor } from '../../harness/kafka-door.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { committed, write } from './topics.ts';
import { bodyOf, DEADLINE_MS, frameForTest, openSink, openSource, recorded, connectionTo } from './ends.ts';
import { kafka as bus } from '../../../runtime/buses/kafka/index.ts';
import type { KafkaFrom } from '../../../runtime/buses/kafka/options.ts';
import { withDefaults } from '../../conformance/fixture.ts';

const NEEDS = ['kafka'] as const;

/** As retention does. */
const cutOff = (kafka: KafkaDoor, topic: string, offset: string): Promise<void> =>
  kafka.admin(async (admin) => {
    // The client does not look for the leader by itself.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });

serverTest('a new group begins where start says, and an old one where it was', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('start');
  await kafka.createTopic(topic);
  await write(broker, topic, 0, 10);
  const begins = [
    ['earliest', '0'],
    [{ time: new Date(1_700_000_000_004).toISOString() }, '4'],
    [{ offset: 7 }, '7'],
  ] as const;
  for (const [at, [start, first]] of begins.entries()) {
    const options = { topics: [topic], start, group: `${topic}-${at}` };
    {
      await using source = await openSource(broker, options);
      const [delivery, second] = await source.take(2);
      assert.ok(delivery && second);
      assert.equal(bodyOf(delivery), first);
      delivery.settle(ACCEPT);
    }
    await using source = await openSource(broker, options);
    const [again] = await source.take(1);
    assert.ok(again);
    assert.equal(bodyOf(again), String(Number(first) + 1));
  }
});

serverTest(
  "a record's time is its producer's, and the server's where the topic says so",
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topics = [ownName('created'), ownName('appended')] as const;
    await kafka.createTopic(topics[0]);
    await kafka.createTopic(topics[1], { config: { 'message.timestamp.type': 'LogAppendTime' } });
    const times = await Promise.all(
      topics.map(async (topic) => {
        await write(broker, topic, 0, 1);
        await using source = await openSource(broker, { topics: [topic], group: topic });
        const [delivery] = await source.take(1);
        return delivery?.frame;
      }),
    );
    assert.deepEqual(
      times.map((frame) => [frame?.stampedBy, frame?.timestampMs === 1_700_000_000_000]),
      [
        [undefined, true],
        ['server', false],
      ],
    );
  },
);

serverTest(
  'latest means the moment of the first start, also after a restart that read nothing',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('latest');
    await kafka.createTopic(topic, { partitions: 2 });
    await write(broker, topic, 0, 5);
    const options = { topics: [topic], start: 'latest', group: topic } as const;
    await (await openSource(broker, options)).source.close();
    await write(broker, topic, 5, 3);
    await using source = await openSource(broker, options);
    assert.deepEqual((await source.take(3)).map(bodyOf), ['5', '6', '7']);
  },
);

serverTest('a start before the log begins is a loss that is counted', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('low');
  await kafka.createTopic(topic);
  await write(broker, topic, 0, 10);
  await cutOff(kafka, topic, '6');
  await using source = await openSource(broker, { topics: [topic], start: { offset: 2 } });
  assert.match(await source.reported('POSITION_LOST'), new RegExp(`4 messages of ${topic}/0`));
  assert.deepEqual((await source.take(4)).map(bodyOf), ['6', '7', '8', '9']);
});

serverTest(
  'a position that retention has passed is a loss that is counted, and reading goes on behind it',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('cut');
    await kafka.createTopic(topic);
    await write(broker, topic, 0, 20);
    {
      await using source = await openSource(broker, { topics: [topic] });
      for (const delivery of await source.take(5)) delivery.settle(ACCEPT);
    }
    await cutOff(kafka, topic, '12');
    await using source = await openSource(broker, { topics: [topic] });
    assert.match(await source.reported('POSITION_LOST'), new RegExp(`7 messages of ${topic}/0`));
    const read = await source.take(8);
    assert.deepEqual(read.map(bodyOf), ['12', '13', '14', '15', '16', '17', '18', '19']);
    for (const delivery of read) delivery.settle(ACCEPT);
    await source.source.close();
    assert.deepEqual(await committed(kafka, topic), ['20']);
  },
);

serverTest(
  'a topic made anew is read from its beginning, said as a loss, and under other ids',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('anew');
    await kafka.createTopic(topic);
    await write(broker, topic, 0, 10);
    await using source = await openSource(broker, { topics: [topic] });
    const before = await source.settleUntil((read) => read.length === 10);
    await kafka.admin((admin) => admin.deleteTopics({ topics: [topic] }));
    await source.reported('BUS_MISSING');
    await kafka.createTopic(topic);
    await write(broker, topic, 100, 3);
    const read = await source.take(3);
    assert.deepEqual(read.map(bodyOf), ['100', '101', '102']);
    await source.reported('LOG_CUT_OFF');
    const ids = new Set(before.map(({ id }) => id));
    assert.ok(read.every(({ id }) => !ids.has(id)));
  },
);

serverTest('a partition of which nothing is settled leaves room for the others', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('slow');
  await kafka.createTopic(topic, { partitions: 3 });
  await write(broker, topic, 0, 500, 0);
  await using source = await openSource(broker, { topics: [topic], window: { messages: 50, bytes: 1_000_000 } });
  const stuck = await source.take(40);
  assert.ok(stuck.every(({ id }) => id.startsWith(`${topic}/0/`)));
  await write(broker, topic, 0, 300, 1);
  await write(broker, topic, 0, 300, 2);
  const countOf = (read: readonly Delivery[], partition: number): number =>
    read.filter(({ id }) => id.startsWith(`${topic}/${partition}/`)).length;
  for (const taken: Delivery[] = []; countOf(taken, 1) < 300 || countOf(taken, 2) < 300;) {
    const batch = await source.source.read(
      { messages: 50, bytes: 1_000_000 },
      AbortSignal.timeout(patient(DEADLINE_MS)),
    );
    assert.ok(batch.length > 0, 'the others go on');
    taken.push(...batch);
    for (const delivery of batch) if (!delivery.id.startsWith(`${topic}/0/`)) delivery.settle(ACCEPT);
  }
  // Only what went on was committed.
  await source.source.close();
  assert.deepEqual(await committed(kafka, topic), ['0', '300', '300']);
});

serverTest('what is settled out of order is committed up to the first that is not', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('gap');
  await kafka.createTopic(topic);
  await write(broker, topic, 0, 10);
  await using source = await openSource(broker, { topics: [topic] });
  const read = await source.take(10);
  for (const [at, delivery] of read.toReversed().entries()) if (at !== 5) delivery.settle(ACCEPT);
  await waitFor(async () => (await committed(kafka, topic)).join() === '4', DEADLINE_MS, 'a commit of the prefix');
  read[4]?.settle(ACCEPT);
  await waitFor(async () => (await committed(kafka, topic)).join() === '10', DEADLINE_MS, 'a commit of all');
});

serverTest(
  'keyless messages share the lane of their partition; with order: partition all do',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('lanes');
    await kafka.createTopic(topic);
    await using sink = await openSink(broker, { topic });
    await sink.deliver([frameForTest(topic, 'a', { key: 'k' })]);
    await sink.deliver([frameForTest(topic, 'b')]);
    for (const [order, lanes] of [
      ['key', [undefined, `${topic}/0`]],
      ['partition', [`${topic}/0`, `${topic}/0`]],
    ] as const) {
      await using source = await openSource(broker, { topics: [topic], group: `${topic}-${order}`, order });
      assert.deepEqual(
        (await source.take(2)).map(({ lane }) => lane),
        lanes,
      );
    }
  },
);

serverTest('partitions that a topic gets later are read from their beginning', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('grows');
  await kafka.createTopic(topic);
  const options = { topics: [topic], group: topic, start: 'latest' } as const;
  await (await openSource(broker, options)).source.close();
  await kafka.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
  await write(broker, topic, 0, 3, 1);
  await using source = await openSource(broker, options);
  assert.deepEqual((await source.take(3)).map(bodyOf), ['0', '1', '2']);
});

serverTest(
  'a topic that is missing is a problem that names it, and reading begins when it is there',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('not-yet');
    const { context, reported } = recorded('source');
    const end = withDefaults<Partial<KafkaFrom>>(bus.sourceSchema, { topics: [topic] }) as KafkaFrom;
    const opening = bus.openSource({ connection: connectionTo(broker), end }, context);
    assert.match(await reported('BUS_MISSING'), new RegExp(`topic ${topic}: no such topic`));
    await kafka.createTopic(topic);
    await (await opening).close();
  },
);

serverTest('two groups each get everything', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('both');
  await kafka.createTopic(topic);
  await write(broker, topic, 0, 5);
  await using one = await openSource(broker, { topics: [topic], group: `${topic}-one` });
  await using other = await openSource(broker, { topics: [topic], group: `${topic}-other` });
  assert.equal((await one.take(5)).length, 5);
  assert.equal((await other.take(5)).length, 5);
});

serverTest('a reader that asks for nothing keeps its place in the group', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('idle');
  await kafka.createTopic(topic);
  await using source = await openSource(broker, { topics: [topic], sessionTimeout: '2s', rebalanceTimeout: '2s' });
  await write(broker, topic, 0, 2);
  const [held] = await source.take(2);
  // Beyond the session: only heartbeats keep the place.
  await sleep(3000);
  held?.settle(ACCEPT);
  await waitFor(async () => (await committed(kafka, topic)).join() === '1', DEADLINE_MS, 'the commit to be taken');
  assert.deepEqual(
    source.events.map(({ kind }) => kind),
    ['connected'],
  );
});
