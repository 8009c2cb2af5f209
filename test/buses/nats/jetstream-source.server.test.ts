import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { ACCEPT, type Delivery, RELEASE } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { natsClient } from '../../harness/nats-client.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { adminOf, withStream } from './admin.ts';
import {
  accept,
  closing,
  connectionTo,
  DEADLINE_MS,
  jetstream,
  over,
  recordedContext,
  take,
  textOf,
  WINDOW,
} from './ends.ts';
import { numbers, openTracks, pendingOf, publish, TRACKS } from './tracks.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };

serverTest(
  'a message that its stream will let go expires when the stream does so, or earlier where it says so itself',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker, { allow_msg_ttl: true });
    const soon = new Date(Date.now() + 5000).toISOString();
    for (const lines of [{ 'Nats-TTL': '60s' }, { 'Nats-TTL': '60s', expirytime: soon }, {}]) {
      const block = headers();
      for (const [name, value] of Object.entries(lines)) block.set(name, value);
      admin.connection.publish('tracks.a', 'x', { headers: block });
    }
    await admin.connection.flush();
    const [ours, earlier, none] = (await accept(await openTracks(broker.url), 3)).map(({ frame }) => frame);
    assert.equal(ours?.expiresAtMs, (ours?.timestampMs ?? 0) + 60_000);
    assert.equal(earlier?.expiresAtMs, Date.parse(soon));
    assert.equal(none?.expiresAtMs, undefined);
  },
);

serverTest(
  'messages come in the order of the stream, with id, time and first attempt, and accepted ones never again',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await publish(admin, 1, 1000);
    const source = await openTracks(broker.url);
    const read = await accept(source, 1000);
    assert.deepEqual(read.map(textOf), numbers(1, 1000));
    const { created } = await admin.manager.streams.info('TRACKS');
    assert.equal(read[6]?.id, `TRACKS@${Date.parse(created).toString(36)}:7`);
    assert.ok(Math.abs((read[0]?.frame.timestampMs ?? 0) - Date.now()) < 60_000);
    assert.equal(read[0]?.frame.stampedBy, 'server');
    assert.ok(read.every(({ attempt }) => attempt === 1));
    await source.close();
    assert.equal(await pendingOf(admin), 0, 'close flushed what was settled');
    await publish(admin, 1001, 1001);
    assert.deepEqual((await accept(await openTracks(broker.url), 1)).map(textOf), ['1001']);
  },
);

serverTest('a restart goes on behind the ack floor, in order, and does not claim to be the first', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 40);
  const before = await openTracks(broker.url);
  const read = await take(before, 10);
  for (const delivery of read.slice(0, 3)) delivery.settle(ACCEPT);
  // Acknowledged above the floor: it may come again, in its place.
  read[5]?.settle(ACCEPT);
  await before.close();
  const after = await openTracks(broker.url);
  const again = await accept(after, 37);
  assert.deepEqual(again.map(textOf), numbers(4, 40));
  assert.equal(again[0]?.attempt, undefined);
  assert.equal(again.at(-1)?.id.split(':')[1], '40');
});

serverTest('never more is held than the window allows, in messages and in bytes', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  const body = 'x'.repeat(1000);
  for (let number = 0; number < 400; number += 1) admin.connection.publish('tracks.a', body);
  await admin.connection.flush();
  for (const [window, most] of [
    [{ messages: 20, bytes: 1e9 }, 20],
    [{ messages: 1000, bytes: 10_000 }, 10],
  ] as const) {
    const durable = `bounded-${most}`;
    const source = await openTracks(broker.url, recordedContext({ window }), { ...TRACKS, durable });
    let read = 0;
    while (read < 400) {
      const batch = await source.read(WINDOW, AbortSignal.timeout(patient(DEADLINE_MS)));
      assert.ok(batch.length > 0, `${read} read`);
      // The server hears of acknowledgements a little later than of the next pull.
      await waitFor(async () => (await pendingOf(admin, durable)) <= most, DEADLINE_MS, `no more than ${most} held`);
      read += batch.length;
      for (const delivery of batch) delivery.settle(ACCEPT);
    }
  }
});

serverTest('a message larger than the window comes alone, and what is behind it comes after', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  for (const body of ['small', 'x'.repeat(5000), 'small', 'x'.repeat(5000), 'x'.repeat(5000), 'last']) {
    admin.connection.publish('tracks.a', body);
  }
  const source = await openTracks(broker.url, recordedContext({ window: { messages: 100, bytes: 1000 } }));
  const read: Delivery[] = [];
  while (read.length < 6) {
    const [delivery] = await take(source, 1);
    assert.ok(delivery !== undefined);
    read.push(delivery);
    delivery.settle(ACCEPT);
  }
  assert.deepEqual(
    read.map((delivery) => textOf(delivery).length),
    [5, 5000, 5, 5000, 5000, 4],
  );
});

serverTest(
  'what is given back is not acknowledged and comes to the next start; what is rejected never comes again',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await publish(admin, 1, 3);
    const source = await openTracks(broker.url);
    const [first, second, third] = await take(source, 3);
    first?.settle({ kind: 'reject', cause: new SluiceError('SCHEMA_INVALID', 'not what was agreed') });
    second?.settle(RELEASE);
    third?.settle(ACCEPT);
    await source.close();
    const again = await accept(await openTracks(broker.url), 2);
    assert.deepEqual(again.map(textOf), ['2', '3']);
  },
);

serverTest(
  'only the subjects that are asked for come, and asking for others changes the consumer',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    const publishBoth = async (text: string): Promise<void> => {
      for (const subject of ['tracks.a', 'tracks.b', 'tracks.c']) admin.connection.publish(subject, subject + text);
      await admin.connection.flush();
    };
    await publishBoth('1');
    const one = await openTracks(broker.url, recordedContext(), { ...TRACKS, subjects: ['tracks.a', 'tracks.b'] });
    assert.deepEqual((await accept(one, 2)).map(textOf), ['tracks.a1', 'tracks.b1']);
    await one.close();
    const two = await openTracks(broker.url, recordedContext(), { ...TRACKS, subjects: ['tracks.c'] });
    await publishBoth('2');
    assert.equal((await accept(two, 1)).map(textOf)[0]?.slice(0, 8), 'tracks.c');
  },
);

serverTest('start: new, a sequence and a time begin where they say', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 5);
  const third = await admin.manager.streams.getMessage('TRACKS', { seq: 3 });
  assert.ok(third !== null);
  const fresh = await openTracks(broker.url, recordedContext(), { ...TRACKS, durable: 'n', start: 'new' });
  const bySequence = await openTracks(broker.url, recordedContext(), {
    ...TRACKS,
    durable: 's',
    start: { sequence: 3 },
  });
  const byTime = await openTracks(broker.url, recordedContext(), {
    ...TRACKS,
    durable: 't',
    start: { time: third.timestamp },
  });
  await publish(admin, 6, 6);
  assert.deepEqual((await accept(fresh, 1)).map(textOf), ['6']);
  assert.deepEqual((await accept(bySequence, 4)).map(textOf), numbers(3, 6));
  assert.deepEqual((await accept(byTime, 4)).map(textOf), numbers(3, 6));
});

serverTest('a missing stream is a problem that names it; with create: true it is made', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await adminOf(broker);
  const context = recordedContext();
  const opening = openTracks(broker.url, context);
  assert.match(await context.reported('BUS_MISSING', 5000), /TRACKS.*create: true/);
  const connection = { ...connectionTo(broker.url), create: true };
  await jetstream.openSource(
    { connection, end: { ...TRACKS, durable: 'other', subjects: ['tracks.>'] } },
    recordedContext(),
  );
  await opening;
  assert.deepEqual((await admin.manager.streams.info('TRACKS')).config.subjects, ['tracks.>']);
});

serverTest(
  'a consumer of that name that reads otherwise is a setting to mend, and says what differs',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    for (const [config, words] of [
      [{ ack_policy: 'none' }, /none.*explicit.*durable/],
      [{ ack_policy: 'explicit', deliver_subject: 'push.here' }, /push/],
      [{ ack_policy: 'explicit', max_batch: 10 }, /max_batch/],
    ] as const) {
      await admin.manager.consumers.add('TRACKS', { durable_name: 'bridge', ...config });
      const context = recordedContext();
      const opening = assert.rejects(openTracks(broker.url, context));
      assert.match(await context.reported('BUS_SETTING', 5000), words);
      context.stop.abort();
      await opening;
      await admin.manager.consumers.delete('TRACKS', 'bridge');
    }
  },
);

serverTest('a work queue is read in order over a restart, and ends empty', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker, { retention: 'workqueue' });
  await publish(admin, 1, 40);
  const before = await openTracks(broker.url);
  for (const delivery of (await take(before, 10)).slice(0, 3)) delivery.settle(ACCEPT);
  await before.close();
  const after = await openTracks(broker.url);
  assert.deepEqual((await accept(after, 37)).map(textOf), numbers(4, 40));
  const left = async (): Promise<number> => (await admin.manager.streams.info('TRACKS')).state.messages;
  await waitFor(async () => (await left()) === 0, DEADLINE_MS, 'an empty queue');
});

serverTest('acknowledgements that the server denies are a problem that says what to grant', own, async () => {
  const permissions = '{ publish: { allow: ["$JS.API.>"] }, subscribe: { allow: ["_INBOX.>"] } }';
  await using broker = await startNats({
    users: [
      { user: 'bridge', password: 'x', permissions },
      { user: 'admin', password: 'x' },
    ],
  });
  const admin = closing(await natsClient(broker.url, { user: 'admin', pass: 'x' }));
  await (await jetstreamManager(admin)).streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
  admin.publish('tracks.a', 'x');
  const context = recordedContext();
  const connection = { ...connectionTo(broker.url), user: 'bridge', password: 'x' };
  const source = await jetstream.openSource({ connection, end: TRACKS }, context);
  await accept(source, 1);
  assert.match(await context.reported('BUS_AUTH'), /\$JS\.ACK/);
});

serverTest('a source that was told to stop while it opened leaves no connection', shared, async () => {
  await using broker = await sharedNats();
  await using link = await startLink(broker.port);
  const context = recordedContext();
  const opening = assert.rejects(openTracks(over(broker.url, link), context));
  await context.reported('BUS_MISSING');
  context.stop.abort();
  await opening;
  await waitFor(() => link.connections === 0, DEADLINE_MS, 'the connections to be gone');
});
