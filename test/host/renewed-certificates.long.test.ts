import assert from 'node:assert/strict';
import { channelTo } from '../buses/rabbitmq/ends.ts';
import { startKafka } from '../harness/kafka.ts';
import { kafkaClient } from '../harness/kafka-client.ts';
import { serverTest } from '../harness/server-test.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { liveCertificates } from './live-certificates.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

serverTest(
  'an authority, a certificate and a key that are renewed are taken up at the next connection to RabbitMQ and Kafka, without a restart, and no message is lost',
  { needs: ['rabbitmq-process', 'kafka-process', 'openssl'] },
  async () => {
    using certs = await liveCertificates();
    await using rabbit = await startRabbitMq({ tls: certs.server, users: { bridge: 'through' } });
    await using kafka = await startKafka({ tls: certs.server });
    await kafka.createTopics(['out']);
    const tls = certs.bridge;
    using project = newProject({
      'pipelines/bridge.yaml': {
        name: 'bridge',
        buses: {
          from: { bus: 'rabbitmq', url: rabbit.tlsUrl, username: 'bridge', password: 'through', create: true, tls },
          log: { bus: 'kafka', brokers: [kafka.listeners.tls], tls },
        },
        routes: [{ name: 'r', from: { bus: 'from', queue: 'q' }, to: { bus: 'log', topic: 'out' } }],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder });
    await bridge.said('ready', 1, 60_000);
    const publish = async (body: string): Promise<void> => {
      const channel = await channelTo(rabbit.url);
      channel.sendToQueue('q', Buffer.from(JSON.stringify(body)), { persistent: true });
      // Answered behind what was published.
      await channel.checkQueue('q');
    };
    await publish('before');
    certs.renewServer();
    await Promise.all([rabbit.restart(), kafka.restart()]);
    await publish('while it is away');
    const refused = (bus: string): boolean =>
      bridge.lines().some((line) => line.event === 'bus-problem' && line['bus'] === bus && line['code'] === 'BUS_TLS');
    await bridge.until(() => refused('from') && refused('log'), 'both ends to say that it is TLS', 60_000);
    certs.renewBridge();
    await publish('after');
    const seen = new Set<string>();
    const consumer = kafkaClient({ brokers: kafka.brokers }).consumer({ groupId: 'reader' });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic: 'out', fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => void seen.add(JSON.parse(String(message.value)) as string),
      });
      await bridge.until(() => seen.size === 3, 'every message', 60_000);
    } finally {
      await consumer.disconnect();
    }
    assert.deepEqual(seen, new Set(['before', 'while it is away', 'after']));
    assert.equal(bridge.child.exitCode, null);
  },
);
