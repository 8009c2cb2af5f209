import assert from 'node:assert/strict';
import { kafkaClient } from '../harness/kafka-client.ts';
import { serverTest } from '../harness/server-test.ts';
import { patient } from '../harness/patience.ts';
import { ownName, sharedKafka, sharedNats } from '../harness/shared.ts';
import { natsWords } from '../harness/nats-client.ts';
import { waitFor } from '../harness/wait-for.ts';
import { startBridge } from '../harness/bridge.ts';
import { trackProject } from './track-project.ts';
import { testStream } from '../harness/test-stream.ts';

const DEADLINE_MS = 20_000;
const SESSION_MS = 60_000;

serverTest(
  'a bridge from Kafka that is killed and back goes on at once: nobody waits for the session of its dead self to end',
  { needs: ['kafka', 'nats'] },
  async () => {
    const [kafka, nats] = await Promise.all([sharedKafka(), sharedNats()]);
    await using stream = await testStream(nats.url, 'BACK', ['back.>']);
    const topic = ownName('back');
    await kafka.createTopic(topic);
    using project = trackProject();
    const file = project.pipeline('fleet', {
      buses: { log: { bus: 'kafka', brokers: kafka.brokers }, core: { bus: 'jetstream', ...natsWords(nats.url) } },
      routes: [
        {
          name: 'positions',
          from: { bus: 'log', topics: [topic], start: 'earliest', sessionTimeout: `${SESSION_MS}ms` },
          to: { bus: 'core', stream: 'BACK', subject: 'back.x' },
        },
      ],
    });
    const producer = kafkaClient({ clientId: 'test', brokers: kafka.brokers }).producer();
    await producer.connect();
    const write = (value: string): Promise<unknown> => producer.send({ topic, messages: [{ key: 'k', value }] });
    let bridge = startBridge(project.folder, file);
    try {
      await bridge.ready();
      await write('one');
      await waitFor(async () => (await stream.count()) === 1, DEADLINE_MS, 'the first');
      await bridge.kill();
      await write('two');
      const beganAtMs = performance.now();
      bridge = startBridge(project.folder, file);
      await waitFor(async () => (await stream.count()) === 2, DEADLINE_MS, 'the second');
      const tookMs = performance.now() - beganAtMs;
      assert.ok(tookMs < patient(10_000), `it took ${tookMs} ms`);
    } finally {
      await bridge.kill();
      await producer.disconnect();
    }
  },
);
