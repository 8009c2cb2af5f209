import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { natsClient } from '../../harness/nats-client.ts';
import { type NatsUser, startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Admin, withStream } from './admin.ts';
import { closing, frameForTest, over } from './ends.ts';
import { ids, namesOf, opened, others, PREFIX, tailOf, write } from './log-recovery.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };
const OPEN: NatsUser = { user: 'admin', password: 'a' };

async function failureOf(sink: Sink): Promise<SluiceError> {
  return tailOf(sink).then(
    () => assert.fail('it was read'),
    (thrown: unknown) => asSluiceError(thrown),
  );
}

/** No consumer of ours is left. */
async function nothingLeft({ manager }: Admin): Promise<void> {
  await waitFor(
    async () => (await manager.consumers.list('TRACKS').next()).length === 0,
    5000,
    'no consumer to be left',
  );
}

serverTest('what the sink itself has sent is its tail, and nothing is left behind on the server', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  const sink = await opened(broker.url);
  assert.deepEqual(await tailOf(sink), { ids: new Map(), seen: 0, lacks: undefined }, 'an empty stream');
  const wanted = ids(0, 3000);
  await Promise.all(wanted.map((id, at) => sink.send(frameForTest(`tracks.k${at % 7}`, 'x', { id }))));
  const { ids: found, seen, lacks } = await tailOf(sink, 5000);
  assert.deepEqual([namesOf(found), seen, lacks], [new Set(wanted), 3000, undefined]);
  await nothingLeft(admin);
});

serverTest(
  'other writers between, and other routes, subjects and ids, do not hide the route’s own',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    const { connection } = admin;
    const wanted = ids(0, 400);
    for (let at = 0; at < wanted.length; at += 100) {
      await others(connection, 700, 'tracks.b');
      await others(connection, 3000, 'tracks.far.below');
      await write(connection, [`fleet/positions-2/m:${at}`, `other/positions/m:${at}`, `m:${at}`]);
      await write(connection, wanted.slice(at, at + 100));
      await write(connection, [`${PREFIX}hidden:${at}`], 'tracks.far.below');
    }
    await others(connection, 2000, 'tracks.far.below');
    const { ids: found, seen, lacks } = await tailOf(await opened(broker.url));
    assert.deepEqual([namesOf(found), lacks], [new Set(wanted), undefined]);
    assert.equal(seen, 4 * (700 + 3 + 100), 'no subject is looked at that the template cannot make');
  },
);

serverTest('more processes than there are names for their consumers each find everything', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  const wanted = ids(0, 3000);
  await write(admin.connection, wanted);
  const sinks = await Promise.all(Array.from({ length: 9 }, () => opened(broker.url)));
  const tails = await Promise.all(sinks.map((sink) => tailOf(sink, 5000)));
  for (const { ids: found, lacks } of tails) assert.deepEqual([namesOf(found), lacks], [new Set(wanted), undefined]);
  await nothingLeft(admin);
});

serverTest('a stream that keeps messages under other subjects has a tail all the same', shared, async () => {
  await using broker = await sharedNats();
  await using _admin = await withStream(broker, {
    subject_transform: { src: 'tracks.*', dest: 'kept.{{wildcard(1)}}' },
  });
  const sink = await opened(broker.url);
  await sink.send(frameForTest('tracks.a', 'x', { id: `${PREFIX}1` }));
  assert.deepEqual(namesOf((await tailOf(sink)).ids), new Set([`${PREFIX}1`]));
});

serverTest(
  'of more than are wanted the newest are found, and of a stream full of others that is said',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await write(admin.connection, ids(0, 20_000));
    const sink = await opened(broker.url);
    const { ids: found, seen, lacks } = await tailOf(sink, 2000);
    assert.deepEqual(
      ids(18_000, 20_000).filter((id) => !found.has(id)),
      [],
    );
    assert.equal(seen, 2048, 'as many as are missing, and not four times as far');
    assert.equal(lacks, undefined);
    await others(admin.connection, 30_000, 'tracks.b');
    const hidden = await tailOf(sink, 2000);
    assert.equal(hidden.ids.size, 0);
    assert.equal(hidden.seen, 16_000, '8 for each that is wanted');
    assert.match(hidden.lacks ?? '', /much of others.*0 of the last 16000/);
  },
);

serverTest('who may not read the stream is told what to grant, and the sink goes on', own, async () => {
  const denied = (user: string, subject: string): NatsUser => ({
    user,
    password: 'p',
    permissions: `{ publish: { deny: ["${subject}"] } }`,
  });
  const users = [
    OPEN,
    denied('no-consumers', '$JS.API.CONSUMER.CREATE.>'),
    denied('no-pulls', '$JS.API.CONSUMER.MSG.NEXT.>'),
    // What it needs, and no more.
    {
      user: 'least',
      password: 'p',
      permissions: `{ publish: { allow: ["tracks.*", "$JS.API.STREAM.INFO.TRACKS", "$JS.API.CONSUMER.CREATE.TRACKS.>",
        "$JS.API.CONSUMER.MSG.NEXT.TRACKS.>"] }, subscribe: { allow: ["_INBOX.>"] } }`,
    },
  ];
  await using broker = await startNats({ users });
  const admin = closing(await natsClient(broker.url, { user: 'admin', pass: 'a' }));
  const manager = await jetstreamManager(admin);
  await manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
  await write(admin, ids(0, 10));
  for (const user of ['no-consumers', 'no-pulls']) {
    const sink = await opened(broker.url, { user, password: 'p' });
    const { code, message } = await failureOf(sink);
    assert.equal(code, 'BUS_AUTH', user);
    assert.match(
      message,
      /grant publishing to \$JS\.API\.CONSUMER\.CREATE\.TRACKS\.> and \$JS\.API\.CONSUMER\.MSG\.NEXT/,
    );
    assert.equal(await sink.send(frameForTest('tracks.a', 'x', { id: user })), 'confirmed');
  }
  const least = await tailOf(await opened(broker.url, { user: 'least', password: 'p' }));
  assert.deepEqual([namesOf(least.ids), least.lacks], [new Set(ids(0, 10)), undefined]);
});

serverTest('a stream that lets go of what was read has no tail, and that is said', shared, async () => {
  await using broker = await sharedNats();
  await using _admin = await withStream(broker, { retention: 'workqueue' });
  const { code, message } = await failureOf(await opened(broker.url));
  assert.equal(code, 'BUS_SETTING');
  assert.match(message, /retention workqueue/);
});

serverTest(
  'who is told to stop answers with the newest that it found so far, and leaves the sink as it was',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await using link = await startLink(broker.port);
    await write(admin.connection, ids(0, 20_000));
    const sink = await opened(over(broker.url, link));
    // Each look asks twice, so it is still amid the second one when its consumer is seen.
    link.delayMs(400);
    const stop = new AbortController();
    const reading = tailOf(sink, 20_000, stop.signal);
    const looks = new Set<string>();
    const isLookingAgain = async (): Promise<boolean> => {
      for (const { name } of await admin.manager.consumers.list('TRACKS').next()) looks.add(name);
      return looks.size === 2;
    };
    await waitFor(isLookingAgain, 10_000, 'the second look');
    const askedMs = performance.now();
    stop.abort();
    const { ids: found, lacks } = await reading;
    assert.ok(performance.now() - askedMs < patient(500), 'at once');
    assert.ok(found.size >= 1024 && found.size < 20_000, `${found.size} were found`);
    assert.deepEqual(
      ids(18_976, 20_000).filter((id) => !found.has(id)),
      [],
    );
    assert.match(lacks ?? '', /too slow to look further back/);
    link.delayMs(0);
    assert.equal(await sink.send(frameForTest('tracks.a', 'x', { id: 'next' })), 'confirmed');
    await nothingLeft(admin);
  },
);
