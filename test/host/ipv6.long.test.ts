import { channelTo } from '../buses/rabbitmq/ends.ts';
import { freePorts } from '../harness/free-ports.ts';
import { startKafka } from '../harness/kafka.ts';
import { kafkaClient } from '../harness/kafka-client.ts';
import { serverTest } from '../harness/server-test.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

serverTest(
  'RabbitMQ and Kafka are reached at ::1, and Kafka where it announces itself there',
  { needs: ['rabbitmq-process', 'kafka-process', 'ipv6'] },
  async () => {
    const [port = 0] = await freePorts(1);
    await using rabbit = await startRabbitMq({
      users: { bridge: 'through' },
      config: `listeners.tcp.2 = ::1:${port}`,
    });
    await using kafka = await startKafka({ ipv6: true });
    await kafka.createTopics(['out']);
    using project = newProject({
      'pipelines/bridge.yaml': {
        name: 'bridge',
        buses: {
          from: { bus: 'rabbitmq', url: `amqp://[::1]:${port}`, username: 'bridge', password: 'through', create: true },
          log: { bus: 'kafka', brokers: [`[::1]:${kafka.port}`] },
        },
        routes: [{ name: 'r', from: { bus: 'from', queue: 'q' }, to: { bus: 'log', topic: 'out' } }],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder });
    await bridge.said('ready', 1, 60_000);
    const channel = await channelTo(rabbit.url);
    channel.sendToQueue('q', Buffer.from('"over IPv6"'), { persistent: true });
    const seen: string[] = [];
    const consumer = kafkaClient({ brokers: kafka.brokers }).consumer({ groupId: 'reader' });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic: 'out', fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
      await bridge.until(() => seen.includes('"over IPv6"'), 'the message', 60_000);
    } finally {
      await consumer.disconnect();
    }
  },
);
