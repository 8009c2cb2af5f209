import assert from 'node:assert/strict';
import { busNamed } from '../brokers/all.ts';
import { kafkaEndpoint } from '../brokers/kafka.ts';
import { startKafka } from '../harness/kafka.ts';
import { serverTest } from '../harness/server-test.ts';
import { KILLS, repeatsOneWindowAtMost } from './one-window.ts';

serverTest(
  'a bridge from Kafka to RabbitMQ that is killed under load repeats one window at the most for each kill',
  { needs: ['kafka', 'rabbitmq'] },
  async (t) => {
    await repeatsOneWindowAtMost(t, { from: busNamed('kafka'), to: busNamed('rabbitmq'), window: 256 });
  },
);

serverTest(
  'and so it does while the group takes no commit at all',
  { needs: ['kafka-process', 'mosquitto'] },
  async (t) => {
    await using kafka = await startKafka({ answerLinks: 1 });
    const [link] = kafka.answerLinks;
    assert.ok(link);
    const near = kafkaEndpoint(kafka);
    let withheld = 0;
    await repeatsOneWindowAtMost(t, {
      from: busNamed('kafka'),
      to: busNamed('mqtt'),
      near: { ...near, direct: { bus: 'kafka', brokers: [`127.0.0.1:${link.port}`] } },
      window: 256,
      whileDown(kill) {
        // The first bridge found a new group, and commits where it begins.
        if (kill === 0) link.withhold(['OffsetCommit']);
        if (kill === KILLS - 1) ({ withheld } = link);
      },
    });
    assert.ok(withheld >= KILLS - 1, `${withheld} commits were withheld`);
  },
);
