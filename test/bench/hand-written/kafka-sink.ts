import { Kafka, logLevel, type Message, Partitioners } from 'kafkajs';
import type { OpenHandSink } from './half.ts';

interface Lane {
  messages: Message[];
  done: (() => void)[];
  sending: boolean;
}

/** One batch in flight for a partition, what comes meanwhile is the next: the order of a key holds, and batches grow with the load. */
export const openKafkaSink: OpenHandSink = async (url, name) => {
  const kafka = new Kafka({ clientId: name, brokers: [new URL(url).host], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  const topic = `out-${name}`;
  await producer.connect();
  const admin = kafka.admin();
  await admin.connect();
  const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  const partitionMetadata = metadata.topics[0]?.partitions ?? [];
  const partition = Partitioners.DefaultPartitioner();
  const lanes: Lane[] = partitionMetadata.map(() => ({ messages: [], done: [], sending: false }));
  const laneOfKey = new Map<string, number>();

  const flush = (lane: Lane): void => {
    const { messages, done } = lane;
    if (messages.length === 0) return;
    lane.messages = [];
    lane.done = [];
    lane.sending = true;
    void producer.send({ topic, acks: -1, messages }).then(() => {
      lane.sending = false;
      for (const one of done) one();
      flush(lane);
    });
  };
  return {
    window: 1000,
    send(key, value, id, done) {
      let number = laneOfKey.get(key);
      if (number === undefined) {
        number = partition({ topic, partitionMetadata, message: { key, value: null } });
        laneOfKey.set(key, number);
      }
      const lane = lanes[number];
      if (lane === undefined) throw new Error('no such partition');
      lane.messages.push({ key, value: value as Buffer, partition: number, headers: { msgid: id } });
      lane.done.push(done);
      if (lane.sending) return;
      // All that one read brings goes together.
      lane.sending = true;
      setImmediate(() => flush(lane));
    },
    close: () => producer.disconnect(),
  };
};
