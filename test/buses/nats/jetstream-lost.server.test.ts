import assert from 'node:assert/strict';
import type { StreamConfig } from '@nats-io/jetstream';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Source } from '#contract/source.ts';
import type { JetStreamFrom } from '../../../runtime/buses/nats/jetstream/options.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { startNats } from '../../harness/nats.ts';
import { publishStored } from '../../harness/publish-stored.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Admin, adminOf, withStream } from './admin.ts';
import {
  accept,
  connectionTo,
  DEADLINE_MS,
  jetstream,
  over,
  type RecordedContext,
  recordedContext,
  take,
  textOf,
  WINDOW,
} from './ends.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };
const from: JetStreamFrom = { stream: 'TRACKS', durable: 'bridge', start: 'all' };

interface Opened {
  readonly source: Source;
  readonly context: RecordedContext;
}

/** Of two openings with one checkpoint the second is the first one's return. */
async function opened(
  url: string,
  checkpoint: Checkpoint = newCheckpoint(),
  end: JetStreamFrom = from,
): Promise<Opened> {
  const context = recordedContext({ checkpoint });
  return { context, source: await jetstream.openSource({ connection: connectionTo(url), end }, context) };
}

function publish({ connection }: Admin, first: number, last: number, subject = 'tracks.a'): Promise<void> {
  return publishStored(connection, last - first + 1, (at) => ({ subject, body: String(first + at) }));
}

const numbers = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

/** What was said to be lost, with its numbers. */
const lossesOf = ({ events }: RecordedContext): (readonly [string, number | undefined])[] =>
  events.flatMap((event) => (event.kind === 'loss' ? [[event.code, event.messages] as const] : []));

const isSettled = ({ manager }: Admin, last: number): Promise<unknown> =>
  waitFor(
    async () => (await manager.consumers.info('TRACKS', 'bridge')).ack_floor.stream_seq === last,
    DEADLINE_MS,
    `all up to ${last} to be acknowledged`,
  );

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
      const end = { ...from, ...(subjects !== undefined && { subjects: [...subjects] }) };
      const window = { messages: 4, bytes: WINDOW.bytes };
      const open = async (): Promise<Opened> => {
        const context = recordedContext({ checkpoint, window });
        return { context, source: await jetstream.openSource({ connection: connectionTo(broker.url), end }, context) };
      };
      const first = await open();
      await publish(admin, 1, 22);
      // Four are settled and four under way: fourteen wait.
      await accept(first.source, 4);
      await take(first.source, 4);
      await publish(admin, 23, 32, 'tracks.b');
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
  ['what a stream replaces by newer messages of the subject', { max_msgs_per_subject: 1 }, from],
  ['what of other subjects goes', {}, { ...from, subjects: ['tracks.b'] }],
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

serverTest(
  'a stream that was deleted and made again while the route was stopped is a loss, and is read from its beginning whatever start says',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    const checkpoint = newCheckpoint();
    const first = await opened(broker.url, checkpoint, { ...from, start: 'new' });
    await publish(admin, 1, 5);
    const [old] = await accept(first.source, 5);
    await first.source.close();
    await admin.manager.streams.delete('TRACKS');
    await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
    await publish(admin, 101, 105);
    const { source, context } = await opened(broker.url, checkpoint, { ...from, start: 'new' });
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
    const first = await opened(broker.url, checkpoint, { ...from, start: 'new' });
    await publish(admin, 1, 5);
    await accept(first.source, 5);
    await first.source.close();
    await admin.manager.consumers.delete('TRACKS', 'bridge');
    await publish(admin, 6, 9);
    const { source, context } = await opened(broker.url, checkpoint, { ...from, start: 'new' });
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
