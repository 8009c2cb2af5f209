import assert from 'node:assert/strict';
import type { StreamConfig } from '@nats-io/jetstream';
import type { JetStreamFrom } from '../../../runtime/buses/nats/jetstream/options.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { startLink } from '../../harness/link.ts';
import { serverTest } from '../../harness/server-test.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Admin, withStream } from './admin.ts';
import { accept, DEADLINE_MS, over, recordedContext, take, textOf, WINDOW } from './ends.ts';
import { isSettled, lossesOf, type Opened, opened } from './losses.ts';
import { numbers, openTracks, publish, TRACKS } from './tracks.ts';

const shared = { needs: ['nats'] as const };
const REMOVALS: readonly (readonly [string, (admin: Admin) => Promise<unknown>, readonly string[], number])[] = [
  ['purged', ({ manager }) => manager.streams.purge('TRACKS'), [], 20],
  ['cut off by a limit', ({ manager }) => manager.streams.update('TRACKS', { max_msgs: 5 }), numbers(28, 30), 17],
  [
    'deleted one by one',
    async ({ manager }) => {
      for (const sequence of [11, 12, 15, 20]) await manager.streams.deleteMessage('TRACKS', sequence);
    },
    numbers(11, 30).filter((text) => !['11', '12', '15', '20'].includes(text)),
    4,
  ],
];

for (const [how, remove, left, count] of REMOVALS) {
  for (const isAway of ['stopped', 'cut off from the server'] as const) {
    serverTest(
      `messages that were ${how} while the route was ${isAway} are a loss with their number`,
      shared,
      async () => {
        await using broker = await sharedNats();
        await using admin = await withStream(broker);
        await using link = await startLink(broker.port);
        const url = over(broker.url, link);
        await publish(admin, 1, 10);
        const checkpoint = newCheckpoint();
        const first = await opened(url, checkpoint);
        await accept(first.source, 10);
        await isSettled(admin, 10);
        if (isAway === 'stopped') await first.source.close();
        else await link.cut();
        await publish(admin, 11, 30);
        await remove(admin);
        await publish(admin, 31, 32);
        await link.mend();
        const { source, context } = isAway === 'stopped' ? await opened(url, checkpoint) : first;
        assert.deepEqual((await accept(source, left.length + 2)).map(textOf), [...left, '31', '32']);
        const lost = (): number => lossesOf(context).reduce((sum, [, messages = 0]) => sum + messages, 0);
        await waitFor(() => lost() > 0, DEADLINE_MS, 'the loss');
        await source.close();
        assert.equal(lost(), count);
        assert.ok(lossesOf(context).every(([code]) => code === 'MESSAGES_REMOVED'));
        const again = await opened(url, isAway === 'stopped' ? checkpoint : newCheckpoint());
        await publish(admin, 33, 33);
        assert.deepEqual((await accept(again.source, 1)).map(textOf), ['33']);
        await again.source.close();
        if (isAway === 'stopped') assert.deepEqual(lossesOf(again.context), [], 'it is said once');
      },
    );
  }
}

const PARTS: readonly (readonly [string, Partial<StreamConfig>, readonly string[] | undefined, number])[] = [
  ['a part of a stream', {}, ['tracks.a'], 14],
  ['two parts of a stream', {}, ['tracks.a', 'tracks.c'], 14],
  ['all of an interest stream', { retention: 'interest' }, undefined, 24],
  ['a part of an interest stream', { retention: 'interest' }, ['tracks.a'], 14],
  ['all of a work queue', { retention: 'workqueue' }, undefined, 24],
  // Who waits cannot be told from who came since: two of these are seen as two of the fourteen.
  ['a part of a work queue', { retention: 'workqueue' }, ['tracks.a'], 12],
];

for (const [what, config, subjects, count] of PARTS) {
  serverTest(
    `of ${what}, at least what waited when the route was stopped and was purged is a loss, with its number`,
    shared,
    async () => {
      await using broker = await sharedNats();
      await using admin = await withStream(broker, config);
      const checkpoint = newCheckpoint();
      const end = { ...TRACKS, ...(subjects !== undefined && { subjects: [...subjects] }) };
      const window = { messages: 4, bytes: WINDOW.bytes };
      const open = async (): Promise<Opened> => {
        const context = recordedContext({ checkpoint, window });
        return { context, source: await openTracks(broker.url, context, end) };
      };
      const first = await open();
      await publish(admin, 1, 22);
      // Four are settled and four under way: fourteen wait.
      await accept(first.source, 4);
      await take(first.source, 4);
      await publish(admin, 23, 32, 'tracks.b');
      // The server counts what waits for a consumer some time after it has stored it.
      const waiting = subjects === undefined ? 24 : 14;
      const waits = async (): Promise<number> => (await admin.manager.consumers.info('TRACKS', 'bridge')).num_pending;
      await waitFor(async () => (await waits()) === waiting, DEADLINE_MS, 'the server to count what waits');
      await first.source.close();
      await publish(admin, 33, 33);
      await admin.manager.streams.purge('TRACKS', { seq: 33 });
      await publish(admin, 34, 34);
      const second = await open();
      assert.deepEqual((await accept(second.source, 2)).map(textOf), ['33', '34']);
      await second.source.close();
      assert.deepEqual(lossesOf(second.context), [['MESSAGES_REMOVED', count]]);
      const third = await open();
      await publish(admin, 35, 35);
      assert.deepEqual((await accept(third.source, 1)).map(textOf), ['35']);
      await third.source.close();
      assert.deepEqual(lossesOf(third.context), [], 'it is said once');
      const [consumer, ...others] = await admin.manager.consumers.list('TRACKS').next();
      assert.deepEqual([consumer?.name, others], ['bridge', []], 'who counted is gone');
    },
  );
}

for (const [what, config, end] of [
  ['what a stream replaces by newer messages of the subject', { max_msgs_per_subject: 1 }, TRACKS],
  ['what of other subjects goes', {}, { ...TRACKS, subjects: ['tracks.b'] }],
] as readonly (readonly [string, Partial<StreamConfig>, JetStreamFrom])[]) {
  serverTest(`${what} is no loss`, shared, async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker, config);
    const checkpoint = newCheckpoint();
    await (await opened(broker.url, checkpoint, end)).source.close();
    await publish(admin, 1, 10);
    await publish(admin, 11, 11, 'tracks.b');
    await admin.manager.streams.purge('TRACKS', { filter: 'tracks.a' });
    const { source, context } = await opened(broker.url, checkpoint, end);
    assert.deepEqual((await accept(source, 1)).map(textOf), ['11']);
    await source.close();
    assert.deepEqual(lossesOf(context), []);
    const said = context.events.some((event) => event.kind === 'notice' && event.code === 'MESSAGES_PASSED');
    assert.equal(said, end.subjects !== undefined, 'nobody can tell whether one of them was for the route');
  });
}

serverTest('messages that were gone before the durable was made are no loss', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 10);
  for (const sequence of [3, 7]) await admin.manager.streams.deleteMessage('TRACKS', sequence);
  const checkpoint = newCheckpoint();
  const first = await opened(broker.url, checkpoint);
  assert.equal((await accept(first.source, 3)).length, 3);
  await first.source.close();
  const second = await opened(broker.url, checkpoint);
  await take(second.source, 5);
  await second.source.close();
  assert.deepEqual([...lossesOf(first.context), ...lossesOf(second.context)], []);
});
