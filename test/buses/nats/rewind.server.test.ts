import assert from 'node:assert/strict';
import type { RetentionPolicy } from '@nats-io/jetstream';
import { canReset, rewind } from '../../../runtime/buses/nats/jetstream/rewind.ts';
import { serverTest } from '../../harness/server-test.ts';
import { sharedNats } from '../../harness/shared.ts';
import { test } from 'node:test';
import { withStream } from './admin.ts';

test('a consumer is reset by servers from 2.14 on', () => {
  assert.deepEqual(['2.10.4', '2.13.9', '2.14.0', '2.15.2', '3.0.0'].map(canReset), [false, false, true, true, true]);
});

for (const retention of ['limits', 'interest', 'workqueue'] as const satisfies RetentionPolicy[]) {
  for (const reset of [true, false]) {
    const how = reset ? 'reset' : 'made again, as on servers before 2.14';
    serverTest(
      `a consumer of a stream with ${retention} retention that is ${how} delivers in order from its ack floor`,
      { needs: ['nats'] },
      async () => {
        await using broker = await sharedNats();
        await using admin = await withStream(broker, { retention });
        const { manager, connection } = admin;
        await manager.consumers.add('TRACKS', { durable_name: 'bridge', ack_policy: 'explicit' });
        for (let number = 1; number <= 20; number += 1) connection.publish('tracks.a', String(number));
        await connection.flush();
        const fetch = async (count: number): Promise<string[]> => {
          const texts: string[] = [];
          const { jetstream } = await import('@nats-io/jetstream');
          const consumer = await jetstream(connection).consumers.get('TRACKS', 'bridge');
          for await (const message of await consumer.fetch({ max_messages: count, expires: 1000 })) {
            texts.push(message.string());
            if (message.seq <= 3) message.ack();
          }
          await connection.flush();
          return texts;
        };
        assert.equal((await fetch(10)).length, 10);
        const stream = await manager.streams.info('TRACKS');
        const before = await manager.consumers.info('TRACKS', 'bridge');
        assert.equal(before.ack_floor.stream_seq, 3);
        const after = await rewind(manager, stream, before, reset);
        assert.equal(after.num_ack_pending, 0);
        assert.deepEqual(
          await fetch(17),
          Array.from({ length: 17 }, (_, index) => String(index + 4)),
        );
        const names: string[] = [];
        for await (const { name } of manager.consumers.list('TRACKS')) names.push(name);
        assert.deepEqual(names, ['bridge'], 'no helper is left');
      },
    );
  }
}
