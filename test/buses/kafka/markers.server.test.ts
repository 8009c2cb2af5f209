import assert from 'node:assert/strict';
import type { Transaction } from 'kafkajs';
import { ACCEPT } from '#contract/delivery.ts';
import { kafkaClient } from '../../harness/kafka-client.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, openSource } from './ends.ts';
import { committed, write } from './topics.ts';

const NEEDS = ['kafka'] as const;

serverTest(
  'offsets that hold nothing to see are committed without a message: the lag of the group reaches 0',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('markers');
    await kafka.createTopic(topic);
    const client = kafkaClient({ brokers: kafka.brokers });
    const producer = client.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    try {
      const transaction = async (text: string): Promise<Transaction> => {
        const begun = await producer.transaction();
        await begun.send({ topic, messages: [{ key: 'k', value: text }] });
        return begun;
      };
      await (await transaction('committed')).commit();
      await using source = await openSource(broker, { topics: [topic], group: topic });
      const reads = async (): Promise<(string | null)[]> =>
        (await source.settleUntil((read) => read.length > 0)).map(bodyOf);
      assert.deepEqual(await reads(), ['committed']);
      // Someone must ask for more, as the engine does.
      const reading = source.source.read({ messages: 10, bytes: 1e6 }, AbortSignal.timeout(patient(DEADLINE_MS)));
      const lagIsNone = (): Promise<unknown> =>
        waitFor(
          async () => {
            // Up to the first open transaction.
            const [{ high } = { high: '' }] = await kafka.admin((admin) => admin.fetchTopicOffsets(topic));
            return (await committed(kafka, topic, topic)).join() === high;
          },
          DEADLINE_MS,
          'the group to have no lag',
        );
      await lagIsNone();
      await (await transaction('aborted')).abort();
      await lagIsNone();
      const open = await transaction('open');
      await write(broker, topic, 1, 1);
      await lagIsNone();
      await open.abort();
      const [behind] = await reading;
      assert.equal(behind && bodyOf(behind), '1', 'nothing of what was aborted came');
      behind?.settle(ACCEPT);
      await lagIsNone();
    } finally {
      await producer.disconnect();
    }
  },
);
