import { describe } from 'node:test';
import type { Broker } from '../harness/broker.ts';
import { serverTest, type Need } from '../harness/server-test.ts';
import { startLink } from '../harness/link.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { startNats } from '../harness/nats.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { sharedNats } from '../harness/shared.ts';
import { probe } from './probe.ts';

interface WriteEnd {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly start: () => Promise<
    Broker & { readonly block?: () => Promise<void>; readonly unblock?: () => Promise<void> }
  >;
  readonly words: (url: string) => { readonly bus: object; readonly to: object };
}

const WRITE_ENDS: readonly WriteEnd[] = [
  {
    name: 'MQTT',
    needs: ['mosquitto-process'],
    start: () => startMosquitto(),
    words: (url) => ({ bus: { bus: 'mqtt', url }, to: { topic: 'x' } }),
  },
  {
    name: 'core NATS',
    needs: ['nats-process'],
    start: () => startNats(),
    words: (url) => ({ bus: { bus: 'nats', url }, to: { subject: 'x' } }),
  },
  {
    name: 'JetStream',
    needs: ['nats-process'],
    start: () => startNats(),
    words: (url) => ({ bus: { bus: 'jetstream', url, create: true }, to: { stream: 'X', subject: 'x' } }),
  },
  {
    name: 'RabbitMQ',
    needs: ['rabbitmq-process'],
    start: () => startRabbitMq(),
    words: (url) => ({ bus: { bus: 'rabbitmq', url, create: true }, to: { queue: 'x' } }),
  },
];

// Most of it is waiting.
void describe('readiness of a sink', { concurrency: 2 }, () => {
  for (const { name, needs, start, words } of WRITE_ENDS) {
    serverTest(
      `${name}: while messages wait for a server that is stopped, blocked, cut off or silent readiness says so within 35 s, and when they pass`,
      { needs: [...needs, 'nats'], timeoutMs: 420_000 },
      async () => {
        await using reading = await sharedNats();
        await using server = await start();
        await using link = await startLink(server.port);
        const { bus, to } = words(`${new URL(server.url).protocol}//127.0.0.1:${link.port}`);
        const client = await natsClient(reading.url);
        try {
          const read = { bus: 'jetstream', ...natsWords(reading.url), create: true };
          const from = { bus: 'read', stream: 'T', subjects: ['t.>'] };
          await using bridge = await probe({ read, write: bus }, from, { bus: 'write', ...to });
          const faults: [begin: () => unknown, over: () => unknown][] = [
            [() => server.pause(), () => server.resume()],
            [() => link.cut(), () => link.mend()],
            [() => link.blackhole(), () => link.mend()],
          ];
          const { block, unblock } = server;
          if (block !== undefined && unblock !== undefined) faults.push([block, unblock]);
          let published = 0;
          for (const [begin, over] of faults) {
            await begin();
            await client.request('t.a', '1');
            published += 1;
            await Promise.any([
              bridge.red('sink', /\S/),
              bridge.red('confirmations', /the sink does not confirm: [A-Z_]+ \S/),
            ]);
            await over();
            await bridge.delivered(published);
            await bridge.green();
          }
        } finally {
          await client.close();
        }
      },
    );
  }
});
