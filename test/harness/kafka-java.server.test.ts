import assert from 'node:assert/strict';
import { readWithJava, writeWithJava } from './kafka-java.ts';
import { serverTest } from './server-test.ts';
import { ownName, sharedKafka } from './shared.ts';

serverTest("Kafka's own clients write and read every compression", { needs: ['kafka', 'kafka-java'] }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const topic = ownName(compression);
    await kafka.createTopic(topic, { partitions: 2 });
    const records = Array.from({ length: 20 }, (_, index) => ({
      topic,
      key: index === 0 ? null : Buffer.from(`key-${index}`),
      value: index === 1 ? null : Buffer.from('value '.repeat(index)),
      headers: [
        ['h', Buffer.from('1')],
        ['h', Buffer.from('2')],
        ['none', null],
      ] as const,
      timestampMs: 1_700_000_000_000 + index,
      ...(index === 0 ? { partition: 1 } : {}),
    }));
    const places = await writeWithJava(broker, records, compression);
    assert.equal(places.length, records.length);
    const found = await readWithJava(broker, topic);
    for (const [index, { topic: _, ...record }] of records.entries()) {
      const { partition, offset } = places[index] ?? {};
      const read = found.find((it) => it.partition === partition && it.offset === offset);
      assert.deepEqual(read, { ...record, partition, offset });
    }
    assert.ok(kafka.compressions(topic, 1).every((it) => it === compression));
  }
});
