import { describe } from 'node:test';
import { busNamed } from '../brokers/all.ts';
import type { EndpointKind } from '../brokers/test-bus.ts';
import { serverTest } from '../harness/server-test.ts';
import { probe } from './probe.ts';

const TAG = 't';

function judgeSink(name: string, reading: EndpointKind, writing: EndpointKind): void {
  serverTest(
    `${name}: while messages wait for a server that is stopped, blocked, cut off or silent readiness says so within 35 s, and when they pass`,
    { needs: [writing.needs.start, reading.needs.share], timeoutMs: 420_000 },
    async () => {
      const entry = await reading.share();
      await entry.prepare('source', [TAG]);
      await using own = await writing.start();
      await own.prepare('sink', [TAG]);
      const { server, block, unblock } = own;
      const link = own.links.sink;
      const buses = { read: entry.direct, write: own.through('sink') };
      const from = { bus: 'read', ...entry.entrance(TAG).bridge };
      await using bridge = await probe(buses, from, { bus: 'write', ...own.exit(TAG).bridge });
      const faults: [begin: () => unknown, over: () => unknown][] = [
        [() => server.pause(), () => server.resume()],
        [() => link.cut(), () => link.mend()],
        [() => link.blackhole(), () => link.mend()],
      ];
      if (block !== undefined && unblock !== undefined) faults.push([block, unblock]);
      let published = 0;
      for (const [begin, over] of faults) {
        await begin();
        await entry.publish(TAG, [{ key: 'a', body: Buffer.from('1') }]);
        published += 1;
        await Promise.any([
          bridge.red('sink', /\S/),
          bridge.red('confirmations', /the sink does not confirm: [A-Z_]+ \S/),
        ]);
        await over();
        await bridge.delivered(published);
        await bridge.green();
      }
    },
  );
}

// Most of it is waiting.
void describe('readiness of a sink', { concurrency: 2 }, () => {
  const reading = busNamed('jetstream').endpoints;
  for (const [name, bus] of [
    ['MQTT', 'mqtt'],
    ['core NATS', 'nats'],
    ['JetStream', 'jetstream'],
    ['RabbitMQ', 'rabbitmq'],
  ] as const) {
    judgeSink(name, reading, busNamed(bus).endpoints);
  }
});
