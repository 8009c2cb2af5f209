import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { type Kafka, startKafka } from '../../harness/kafka.ts';
import { law } from '../../harness/law.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, frameOf, openSink, openSource, recorded, connectionTo } from './ends.ts';
import { kafka as bus } from '../../../runtime/buses/kafka/index.ts';
import type { KafkaFrom } from '../../../runtime/buses/kafka/options.ts';
import { withDefaults } from '../../conformance/ground.ts';

const NEEDS = ['kafka-process'] as const;

let starting: Promise<Kafka> | undefined;
const node = (): Promise<Kafka> => (starting ??= startKafka({ config: { 'group.min.session.timeout.ms': '1000' } }));
after(async () => (await starting)?.[Symbol.asyncDispose]());

/** Sends `count` messages `FROM`, `FROM + 1`, ... to one partition each. */
async function write(broker: string, topic: string, from: number, count: number, partition?: number): Promise<void> {
  await using sink = await openSink(broker, { topic, ...(partition === undefined ? {} : { partition }) });
  await sink.deliver(
    Array.from({ length: count }, (_, at) =>
      frameOf(topic, String(from + at), { key: 'k', timestampMs: 1_700_000_000_000 + from + at }),
    ),
  );
}

const committed = async (kafka: Kafka, topic: string, group = 'fleet-tracks'): Promise<string[]> => {
  const [found] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
  return (found?.partitions ?? []).toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
};

/** As retention does. */
const cutOff = (kafka: Kafka, topic: string, offset: string): Promise<void> =>
  kafka.admin(async (admin) => {
    // The client does not look for the leader by itself.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });

law('a new group begins where start says, and an old one where it was', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('start');
  await write(broker, 'start', 0, 10);
  const begins = [
    ['earliest', '0'],
    [{ time: new Date(1_700_000_000_004).toISOString() }, '4'],
    [{ offset: 7 }, '7'],
  ] as const;
  for (const [at, [start, first]] of begins.entries()) {
    const options = { topics: ['start'], start, group: `start-${at}` };
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

law(
  'latest means the moment of the first start, also after a restart that read nothing',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('latest', { partitions: 2 });
    await write(broker, 'latest', 0, 5);
    const options = { topics: ['latest'], start: 'latest', group: 'latest' } as const;
    await (await openSource(broker, options)).source.close();
    await write(broker, 'latest', 5, 3);
    await using source = await openSource(broker, options);
    assert.deepEqual((await source.take(3)).map(bodyOf), ['5', '6', '7']);
  },
);

law('a start before the log begins is a loss that is counted', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('low');
  await write(broker, 'low', 0, 10);
  await cutOff(kafka, 'low', '6');
  await using source = await openSource(broker, { topics: ['low'], start: { offset: 2 } });
  assert.match(await source.reported('POSITION_LOST'), /4 messages of low\/0/);
  assert.deepEqual((await source.take(4)).map(bodyOf), ['6', '7', '8', '9']);
});

law(
  'a position that retention has passed is a loss that is counted, and reading goes on behind it',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('cut');
    await write(broker, 'cut', 0, 20);
    {
      await using source = await openSource(broker, { topics: ['cut'] });
      for (const delivery of await source.take(5)) delivery.settle(ACCEPT);
    }
    await cutOff(kafka, 'cut', '12');
    await using source = await openSource(broker, { topics: ['cut'] });
    assert.match(await source.reported('POSITION_LOST'), /7 messages of cut\/0/);
    const read = await source.take(8);
    assert.deepEqual(read.map(bodyOf), ['12', '13', '14', '15', '16', '17', '18', '19']);
    for (const delivery of read) delivery.settle(ACCEPT);
    await source.source.close();
    assert.deepEqual(await committed(kafka, 'cut'), ['20']);
  },
);

law('a topic made anew is read from its beginning, said as a loss, and under other ids', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('anew');
  await write(broker, 'anew', 0, 10);
  await using source = await openSource(broker, { topics: ['anew'] });
  const before = await source.settleUntil((read) => read.length === 10);
  await kafka.admin((admin) => admin.deleteTopics({ topics: ['anew'] }));
  await source.reported('BUS_MISSING');
  await kafka.createTopic('anew');
  await write(broker, 'anew', 100, 3);
  const read = await source.take(3);
  assert.deepEqual(read.map(bodyOf), ['100', '101', '102']);
  await source.reported('LOG_CUT_OFF');
  const ids = new Set(before.map(({ id }) => id));
  assert.ok(read.every(({ id }) => !ids.has(id)));
});

law('a partition of which nothing is settled leaves room for the others', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('slow', { partitions: 3 });
  await write(broker, 'slow', 0, 500, 0);
  await using source = await openSource(broker, { topics: ['slow'], window: { messages: 50, bytes: 1_000_000 } });
  const stuck = await source.take(40);
  assert.ok(stuck.every(({ id }) => id.startsWith('slow/0/')));
  await write(broker, 'slow', 0, 300, 1);
  await write(broker, 'slow', 0, 300, 2);
  const countOf = (read: readonly Delivery[], partition: number): number =>
    read.filter(({ id }) => id.startsWith(`slow/${partition}/`)).length;
  for (const taken: Delivery[] = []; countOf(taken, 1) < 300 || countOf(taken, 2) < 300;) {
    const batch = await source.source.read({ messages: 50, bytes: 1_000_000 }, AbortSignal.timeout(DEADLINE_MS));
    assert.ok(batch.length > 0, 'the others go on');
    taken.push(...batch);
    for (const delivery of batch) if (!delivery.id.startsWith('slow/0/')) delivery.settle(ACCEPT);
  }
  // Only what went on was committed.
  await source.source.close();
  assert.deepEqual(await committed(kafka, 'slow'), ['0', '300', '300']);
});

law('what is settled out of order is committed up to the first that is not', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('gap');
  await write(broker, 'gap', 0, 10);
  await using source = await openSource(broker, { topics: ['gap'] });
  const read = await source.take(10);
  for (const [at, delivery] of read.toReversed().entries()) if (at !== 5) delivery.settle(ACCEPT);
  await waitFor(async () => (await committed(kafka, 'gap')).join() === '4', DEADLINE_MS, 'a commit of the prefix');
  read[4]?.settle(ACCEPT);
  await waitFor(async () => (await committed(kafka, 'gap')).join() === '10', DEADLINE_MS, 'a commit of all');
});

law('keyless messages share the lane of their partition; with order: partition all do', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('lanes');
  await using sink = await openSink(broker, { topic: 'lanes' });
  await sink.deliver([frameOf('lanes', 'a', { key: 'k' })]);
  await sink.deliver([frameOf('lanes', 'b')]);
  for (const [order, lanes] of [
    ['key', [undefined, 'lanes/0']],
    ['partition', ['lanes/0', 'lanes/0']],
  ] as const) {
    await using source = await openSource(broker, { topics: ['lanes'], group: order, order });
    assert.deepEqual(
      (await source.take(2)).map(({ lane }) => lane),
      lanes,
    );
  }
});

law('a member that died with its instance has its partitions again at once', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('static', { partitions: 2 });
  const options = {
    topics: ['static'],
    group: 'static',
    instance: 'one',
    sessionTimeout: '30s',
    rebalanceTimeout: '30s',
  };
  // Nothing says that it leaves: a static member never does.
  await (await openSource(broker, options)).source.close();
  const beganMs = performance.now();
  await using source = await openSource(broker, options);
  assert.ok(performance.now() - beganMs < 5000, 'no session was waited for');
  await write(broker, 'static', 0, 3);
  await source.take(3);
});

law('a second process of the same instance fences the first, which says so', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('fenced');
  const options = { topics: ['fenced'], group: 'fenced', instance: 'one' };
  await using first = await openSource(broker, options);
  await using _second = await openSource(broker, options);
  assert.match(await first.reported('BUS_SETTING'), /instance/);
});

law('partitions that a topic gets later are read from their beginning', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('grows');
  const options = { topics: ['grows'], group: 'grows', start: 'latest' } as const;
  await (await openSource(broker, options)).source.close();
  await kafka.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic: 'grows', count: 2 }] }));
  await write(broker, 'grows', 0, 3, 1);
  await using source = await openSource(broker, options);
  assert.deepEqual((await source.take(3)).map(bodyOf), ['0', '1', '2']);
});

law(
  'a topic that is missing is a problem that names it, and reading begins when it is there',
  { needs: NEEDS },
  async () => {
    const kafka = await node();
    const [broker = ''] = kafka.brokers;
    const { context, reported } = recorded('source');
    const end = withDefaults<Partial<KafkaFrom>>(bus.sourceSchema, { topics: ['not-yet'] }) as KafkaFrom;
    const opening = bus.openSource({ connection: connectionTo(broker), end }, context);
    assert.match(await reported('BUS_MISSING'), /topic not-yet: no such topic/);
    await kafka.createTopic('not-yet');
    await (await opening).close();
  },
);

law('two groups each get everything', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('both');
  await write(broker, 'both', 0, 5);
  await using one = await openSource(broker, { topics: ['both'], group: 'one' });
  await using other = await openSource(broker, { topics: ['both'], group: 'other' });
  assert.equal((await one.take(5)).length, 5);
  assert.equal((await other.take(5)).length, 5);
});

law('a reader that asks for nothing keeps its place in the group', { needs: NEEDS }, async () => {
  const kafka = await node();
  const [broker = ''] = kafka.brokers;
  await kafka.createTopic('idle');
  await using source = await openSource(broker, { topics: ['idle'], sessionTimeout: '2s', rebalanceTimeout: '2s' });
  await write(broker, 'idle', 0, 2);
  const [held] = await source.take(2);
  // Beyond the session: only heartbeats keep the place.
  await sleep(3000);
  held?.settle(ACCEPT);
  await waitFor(async () => (await committed(kafka, 'idle')).join() === '1', DEADLINE_MS, 'the commit to be taken');
  assert.deepEqual(
    source.events.map(({ kind }) => kind),
    ['connected'],
  );
});
