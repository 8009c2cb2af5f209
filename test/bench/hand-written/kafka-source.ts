import { Kafka, logLevel } from 'kafkajs';
import { translate } from '../work.ts';
import type { HandSource } from './half.ts';

/** A batch of each partition at a time, committed once all of it is confirmed. */
export const kafkaSource: HandSource = async ({ where, name, tag }, sink, delivered) => {
  const kafka = new Kafka({ clientId: name, brokers: [new URL(where.source).host], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: name, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
  await consumer.connect();
  await consumer.subscribe({ topics: [`in-${tag}`], fromBeginning: true });
  let open = 0;
  let waiting: (() => void)[] = [];
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 4,
    async eachBatch(payload) {
      const { batch } = payload;
      const { topic, partition } = batch;
      let left = batch.messages.length;
      let finish = (): void => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const done = (): void => {
        delivered.count += 1;
        open -= 1;
        if (waiting.length > 0 && open <= sink.window / 2) {
          const woken = waiting;
          waiting = [];
          for (const wake of woken) wake();
        }
        left -= 1;
        if (left === 0) finish();
      };
      for (const { key, value, offset } of batch.messages) {
        while (open >= sink.window) await new Promise<void>((resolve) => waiting.push(resolve));
        open += 1;
        sink.send(key?.toString() ?? '', translate(value ?? new Uint8Array()), `${name}-${partition}-${offset}`, done);
      }
      await finished;
      const last = batch.lastOffset();
      payload.resolveOffset(last);
      await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(last) + 1n) }]);
      await payload.heartbeat();
    },
  });
  return () => consumer.disconnect();
};
