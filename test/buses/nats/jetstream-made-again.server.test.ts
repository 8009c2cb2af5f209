import assert from 'node:assert/strict';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { startLink } from '../../harness/link.ts';
import { startNats } from '../../harness/nats.ts';
import { serverTest } from '../../harness/server-test.ts';
import { sharedNats } from '../../harness/shared.ts';
import { adminOf, withStream } from './admin.ts';
import { accept, over, textOf } from './ends.ts';
import { isSettled, lossesOf, opened } from './losses.ts';
import { numbers, publish, TRACKS } from './tracks.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };

serverTest(
  'a stream that was deleted and made again while the route was stopped is a loss, and is read from its beginning whatever start says',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    const checkpoint = newCheckpoint();
    const first = await opened(broker.url, checkpoint, { ...TRACKS, start: 'new' });
    await publish(admin, 1, 5);
    const [old] = await accept(first.source, 5);
    await first.source.close();
    await admin.manager.streams.delete('TRACKS');
    await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
    await publish(admin, 101, 105);
    const { source, context } = await opened(broker.url, checkpoint, { ...TRACKS, start: 'new' });
    const read = await accept(source, 5);
    assert.deepEqual(read.map(textOf), numbers(101, 105));
    assert.notEqual(read[0]?.id, old?.id);
    assert.deepEqual(lossesOf(context), [['STREAM_RECREATED', undefined]]);
  },
);

serverTest(
  'a durable that was deleted while the route was stopped is a loss of what start passes over',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    const checkpoint = newCheckpoint();
    const first = await opened(broker.url, checkpoint, { ...TRACKS, start: 'new' });
    await publish(admin, 1, 5);
    await accept(first.source, 5);
    await first.source.close();
    await admin.manager.consumers.delete('TRACKS', 'bridge');
    await publish(admin, 6, 9);
    const { source, context } = await opened(broker.url, checkpoint, { ...TRACKS, start: 'new' });
    await publish(admin, 10, 10);
    assert.deepEqual((await accept(source, 1)).map(textOf), ['10']);
    assert.deepEqual(lossesOf(context), [['POSITION_LOST', 4]]);
  },
);

serverTest('a durable that somebody made again further on is set back to where the route was', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 10);
  await using link = await startLink(broker.port);
  const { source, context } = await opened(over(broker.url, link));
  await accept(source, 10);
  await isSettled(admin, 10);
  const { manager } = admin;
  await link.cut();
  await manager.consumers.delete('TRACKS', 'bridge');
  await publish(admin, 11, 15);
  await manager.consumers.add('TRACKS', { durable_name: 'bridge', ack_policy: 'explicit', deliver_policy: 'new' });
  await publish(admin, 16, 17);
  await link.mend();
  assert.deepEqual((await accept(source, 7)).map(textOf), numbers(11, 17));
  await source.close();
  assert.deepEqual(lossesOf(context), []);
});

for (const [how, isRunning, more] of [
  ['while the route runs, and ends before its place', true, 3],
  ['while the route runs, and has grown beyond its place', true, 20],
  ['while the route was stopped, and ends before its place', false, 3],
  ['while the route was stopped, and has grown beyond its place', false, 20],
] as const) {
  serverTest(
    `a stream that was restored from a backup ${how} is a loss, and what came since is read, each once and under other ids`,
    own,
    async () => {
      await using broker = await startNats();
      await using link = await startLink(broker.port);
      const url = over(broker.url, link);
      const checkpoint = newCheckpoint();
      {
        await using admin = await withStream(broker);
        await publish(admin, 1, 5);
      }
      const first = await opened(url, checkpoint);
      const before = await accept(first.source, 5);
      await broker.stop();
      const restore = broker.backUp();
      await broker.restart();
      {
        await using admin = await adminOf(broker);
        await publish(admin, 6, 15);
        before.push(...(await accept(first.source, 10)));
        await isSettled(admin, 15);
      }
      if (!isRunning) await first.source.close();
      await link.cut();
      await broker.stop();
      restore();
      await broker.restart();
      await using admin = await adminOf(broker);
      await publish(admin, 101, 100 + more);
      await link.mend();
      const { source, context } = isRunning ? first : await opened(url, checkpoint);
      const read = await accept(source, more);
      assert.deepEqual(read.map(textOf), numbers(101, 100 + more));
      assert.deepEqual(lossesOf(context), [['STREAM_ROLLED_BACK', undefined]]);
      const ids = new Set(before.map(({ id }) => id));
      assert.ok(read.every(({ id }) => !ids.has(id)));
      await publish(admin, 200, 200);
      assert.deepEqual((await accept(source, 1)).map(textOf), ['200']);
    },
  );
}
