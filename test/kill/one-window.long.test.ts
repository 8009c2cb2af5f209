import { busNamed } from '../brokers/all.ts';
import type { Need } from '../harness/server-test.ts';
import { serverTest } from '../harness/server-test.ts';
import { repeatsOneWindowAtMost } from './one-window.ts';

const NEEDS: Readonly<Record<string, Need>> = {
  kafka: 'kafka',
  jetstream: 'nats',
  rabbitmq: 'rabbitmq',
  mqtt: 'mosquitto',
};

for (const to of ['rabbitmq', 'jetstream', 'mqtt', 'kafka']) {
  for (const window of [64, 256, 1024]) {
    serverTest(
      `from Kafka to ${to} with a window of ${window} no more than that comes again after each kill`,
      { needs: ['kafka', NEEDS[to] ?? 'kafka'] },
      async (t) => void (await repeatsOneWindowAtMost(t, { from: busNamed('kafka'), to: busNamed(to), window })),
    );
  }
}

for (const window of [64, 1024]) {
  serverTest(
    `from a queue of RabbitMQ to MQTT with a window of ${window} no more than that comes again after each kill`,
    { needs: ['rabbitmq', 'mosquitto'] },
    async (t) => void (await repeatsOneWindowAtMost(t, { from: busNamed('rabbitmq'), to: busNamed('mqtt'), window })),
  );

  serverTest(
    `from JetStream to RabbitMQ with a window of ${window} no more than that comes again after each kill, while no message is held`,
    { needs: ['nats', 'rabbitmq'] },
    async (t) =>
      void (await repeatsOneWindowAtMost(t, { from: busNamed('jetstream'), to: busNamed('rabbitmq'), window })),
  );
}
