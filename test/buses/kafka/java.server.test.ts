import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ACCEPT } from '#contract/delivery.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { readWithJava, type WrittenRecord, writeWithJava } from '../../harness/kafka-java.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { frameForTest, GROUP, openSink, openSource } from './ends.ts';

const NEEDS = ['kafka', 'kafka-java'] as const;
const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const NOT_TEXT = Buffer.from([0xff, 0xfe, 0x00, 0x80]);

/** Enough to fill several blocks of every compression, some of it incompressible. */
function records(topic: string): WrittenRecord[] {
  return Array.from({ length: 400 }, (_, at) => ({
    topic,
    key:
      at % 9 === 0
        ? null
        : at % 9 === 1
          ? Buffer.concat([NOT_TEXT, Buffer.from([at & 0xff])])
          : Buffer.from(`key-${at % 30}`),
    value:
      at === 5
        ? null
        : at === 6
          ? Buffer.alloc(0)
          : at % 50 === 0
            ? randomBytes(5000)
            : Buffer.from(`value ${at} `.repeat(at)),
    headers: [
      ['2', Buffer.from('second')],
      ['1', Buffer.from('a')],
      ['1', NOT_TEXT],
      ['1', null],
      ['empty', Buffer.alloc(0)],
    ],
    timestampMs: 1_700_000_000_000 + at * 1000,
  }));
}

serverTest(
  "what Kafka's own producer writes is read as it was, by every compression, and written back so",
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    for (const compression of COMPRESSIONS) {
      const [from, to] = [ownName(`${compression}-in`), ownName(`${compression}-out`)];
      await kafka.createTopic(from, { partitions: 5 });
      await kafka.createTopic(to, { partitions: 5 });
      const written = records(from);
      const places = await writeWithJava(broker, written, compression, { 'batch.size': '200000' });
      await using source = await openSource(broker, { topics: [from], group: from });
      await using sink = await openSink(broker, { topic: to, compression });
      const read = await source.take(written.length);
      const byId = new Map(read.map(({ id, frame }) => [id.replace(/@.*$/, ''), frame]));
      for (const [at, record] of written.entries()) {
        const frame = byId.get(`${from}/${places[at]?.partition}/${places[at]?.offset}`);
        assert.ok(frame, `record ${at}`);
        assert.deepEqual(frame.key === undefined ? null : bytesOfText(frame.key), record.key);
        assert.deepEqual(frame.body === null ? null : Buffer.from(frame.body), record.value);
        assert.equal(frame.timestampMs, record.timestampMs);
        assert.deepEqual(
          [...frame.headers],
          [
            ['2', ['second']],
            ['1', ['a', NOT_TEXT.toString('base64'), '']],
            ['empty', ['']],
          ],
        );
        assert.deepEqual([...(frame.headerTypes ?? [])], [['1', ['text', 'bytes', 'null']]]);
      }
      // All at once: they make batches.
      await sink.deliver(read.map(({ frame }) => ({ ...frame, address: to })));
      for (const delivery of read) delivery.settle(ACCEPT);
      const copied = await readWithJava(broker, to);
      const ofEach = Map.groupBy(copied, ({ partition }) => partition);
      const counts = [...ofEach].map(([partition, { length }]) => `${length} of partition ${partition}`);
      assert.equal(copied.length, written.length, `${compression}: ${counts.join(', ')}`);
      assert.ok(kafka.compressions(to, copied[0]?.partition ?? 0).every((it) => it === compression));
      for (const copy of copied) {
        const at = written.findIndex(({ timestampMs }) => timestampMs === copy.timestampMs);
        const original = written[at];
        assert.deepEqual(
          { key: copy.key, value: copy.value, headers: copy.headers },
          {
            key: original?.key,
            value: original?.value,
            headers: original?.headers,
          },
        );
        // Where Java put it, for the key decides.
        if (copy.key !== null) assert.equal(copy.partition, places[at]?.partition, copy.key.toString('hex'));
      }
    }
  },
);

serverTest('keys of every length lie where Kafka puts them', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const [java, ours] = [ownName('java'), ownName('ours')];
  await kafka.createTopics([java, ours], { partitions: 17 });
  const keys = Array.from({ length: 300 }, (_, at) => randomBytes(at % 41));
  const places = await writeWithJava(
    broker,
    keys.map((key) => ({ topic: java, key, value: key, headers: [] })),
  );
  await using sink = await openSink(broker, { topic: ours });
  await using source = await openSource(broker, { topics: [java] });
  const read = await source.take(keys.length);
  await sink.deliver(read.map(({ frame }) => ({ ...frame, address: ours })));
  const wanted = new Map(keys.map((key, at) => [key.toString('hex'), places[at]?.partition]));
  for (const { key, partition } of await readWithJava(broker, ours)) {
    assert.equal(partition, wanted.get(key?.toString('hex') ?? ''));
  }
});

serverTest(
  'transactions of Java are read once they are committed, and their markers do not stay to be read',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('t');
    await kafka.createTopic(topic);
    const record = (value: string): WrittenRecord => ({
      topic,
      key: null,
      value: Buffer.from(value),
      headers: [],
    });
    await writeWithJava(broker, [record('a'), record('b')], 'gzip', { 'transactional.id': topic });
    {
      await using source = await openSource(broker, { topics: [topic] });
      await source.settleUntil((read) => read.length === 2);
    }
    const [offset] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: GROUP, topics: [topic] }));
    assert.equal(offset?.partitions[0]?.offset, '3', 'the marker behind the two is passed');
  },
);

serverTest('tombstones pass from topic to topic as null', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('t');
  await kafka.createTopic(topic, { config: { 'cleanup.policy': 'compact' } });
  await using sink = await openSink(broker, { topic });
  await sink.deliver([frameForTest(topic, null, { key: 'gone' })]);
  await sink.deliver([frameForTest(topic, '', { key: 'empty' })]);
  assert.deepEqual(
    (await readWithJava(broker, topic)).map(({ key, value }) => [key?.toString(), value?.length]),
    [
      ['gone', undefined],
      ['empty', 0],
    ],
  );
  await using source = await openSource(broker, { topics: [topic] });
  const [gone, empty] = await source.take(2);
  assert.equal(gone?.frame.body, null);
  assert.equal(empty?.frame.body?.length, 0);
});
