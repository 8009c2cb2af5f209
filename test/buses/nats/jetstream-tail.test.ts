import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Sink, Tail } from '#contract/sink.ts';
import { law } from '../../harness/law.ts';
import { startLink } from '../../harness/link.ts';
import { type NatsUser, startNats } from '../../harness/nats.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Admin, withStream } from './admin.ts';
import { closing, connectionTo, frameOf, jetstream, recordedContext } from './ends.ts';

const own = { needs: ['nats-process'] as const };
const PREFIX = 'fleet/positions/';
const MILLION = 1_000_000;
const OPEN: NatsUser = { user: 'admin', password: 'a' };

async function opened(url: string, more: { readonly user?: string; readonly password?: string } = {}): Promise<Sink> {
  const end = { stream: 'TRACKS', subject: 'tracks.{key}', timeout: '5s' };
  const context = recordedContext({ direction: 'sink' });
  return jetstream.openSink({ connection: { ...connectionTo(url), ...more }, end }, context);
}

async function tailOf(sink: Sink, most = 1000, signal: AbortSignal = AbortSignal.timeout(20_000)): Promise<Tail> {
  assert.ok(sink.tail !== undefined);
  return sink.tail({ prefix: PREFIX, most }, signal);
}

async function failureOf(sink: Sink): Promise<SluiceError> {
  return tailOf(sink).then(
    () => assert.fail('it was read'),
    (thrown: unknown) => asSluiceError(thrown),
  );
}

const namesOf = (found: Tail['ids']): Set<string> => new Set(found.keys());

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `${PREFIX}m:${from + at}`);

/** As the bridge writes them, by another hand: so many, and the number of the first. */
async function write(connection: NatsConnection, wanted: readonly string[], subject = 'tracks.a'): Promise<void> {
  for (const [at, id] of wanted.entries()) {
    const head = headers();
    head.set('Nats-Msg-Id', id);
    connection.publish(subject, 'x'.repeat(100), { headers: head });
    if (at % 1000 === 999) await connection.flush();
  }
  await connection.flush();
}

async function others(connection: NatsConnection, count: number, subject: string): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    connection.publish(subject, 'y');
    if (at % 5000 === 4999) await connection.flush();
  }
  await connection.flush();
}

/** No consumer of ours is left. */
async function nothingLeft({ manager }: Admin): Promise<void> {
  await waitFor(
    async () => (await manager.consumers.list('TRACKS').next()).length === 0,
    5000,
    'no consumer to be left',
  );
}

law('what the sink itself has sent is its tail, and nothing is left behind on the server', own, async () => {
  await using broker = await startNats();
  await using admin = await withStream(broker);
  const sink = await opened(broker.url);
  assert.deepEqual(await tailOf(sink), { ids: new Map(), seen: 0, lacks: undefined }, 'an empty stream');
  const wanted = ids(0, 3000);
  await Promise.all(wanted.map((id, at) => sink.send(frameOf(`tracks.k${at % 7}`, 'x', { id }))));
  const { ids: found, seen, lacks } = await tailOf(sink, 5000);
  assert.deepEqual([namesOf(found), seen, lacks], [new Set(wanted), 3000, undefined]);
  await nothingLeft(admin);
});

law('other writers between, and other routes, subjects and ids, do not hide the route’s own', own, async () => {
  await using broker = await startNats();
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
});

law('a stream that keeps messages under other subjects has a tail all the same', own, async () => {
  await using broker = await startNats();
  await using _admin = await withStream(broker, {
    subject_transform: { src: 'tracks.*', dest: 'kept.{{wildcard(1)}}' },
  });
  const sink = await opened(broker.url);
  await sink.send(frameOf('tracks.a', 'x', { id: `${PREFIX}1` }));
  assert.deepEqual(namesOf((await tailOf(sink)).ids), new Set([`${PREFIX}1`]));
});

law('of more than are wanted the newest are found, and of a stream full of others that is said', own, async () => {
  await using broker = await startNats();
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
});

law('the tail of a stream of a million messages is read in less than a second', own, async (t) => {
  await using broker = await startNats();
  await using admin = await withStream(broker);
  await others(admin.connection, MILLION / 2, 'tracks.b');
  await write(admin.connection, ids(0, MILLION / 2));
  const { manager } = admin;
  await waitFor(async () => (await manager.streams.info('TRACKS')).state.messages === MILLION, 60_000, 'a million');
  const sink = await opened(broker.url);
  const startedMs = performance.now();
  const { ids: found, seen } = await tailOf(sink, 32_768);
  const tookMs = performance.now() - startedMs;
  t.diagnostic(`${found.size} ids of ${seen} messages in ${Math.round(tookMs)} ms`);
  assert.ok(found.has(`${PREFIX}m:${MILLION / 2 - 1}`) && found.size >= 32_768);
  assert.ok(tookMs < 1000, `${tookMs} ms`);
});

law('who may not read the stream is told what to grant, and the sink goes on', own, async () => {
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
  const admin = closing(await connect({ servers: broker.url, user: 'admin', pass: 'a' }));
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
    assert.equal(await sink.send(frameOf('tracks.a', 'x', { id: user })), 'confirmed');
  }
  const least = await tailOf(await opened(broker.url, { user: 'least', password: 'p' }));
  assert.deepEqual([namesOf(least.ids), least.lacks], [new Set(ids(0, 10)), undefined]);
});

law('a stream that lets go of what was read has no tail, and that is said', own, async () => {
  await using broker = await startNats();
  await using _admin = await withStream(broker, { retention: 'workqueue' });
  const { code, message } = await failureOf(await opened(broker.url));
  assert.equal(code, 'BUS_SETTING');
  assert.match(message, /retention workqueue/);
});

law(
  'who is told to stop answers with the newest that it found so far, and leaves the sink as it was',
  own,
  async () => {
    await using broker = await startNats();
    await using admin = await withStream(broker);
    await using link = await startLink(broker.port);
    await write(admin.connection, ids(0, 20_000));
    const sink = await opened(`nats://127.0.0.1:${link.port}`);
    // The stream, and for each look two: so it is told amid the second one.
    link.delayMs(400);
    const stop = new AbortController();
    const reading = tailOf(sink, 20_000, stop.signal);
    await sleep(2900);
    const askedMs = performance.now();
    stop.abort();
    const { ids: found, lacks } = await reading;
    assert.ok(performance.now() - askedMs < 500, 'at once');
    assert.ok(found.size >= 1024 && found.size < 20_000, `${found.size} were found`);
    assert.deepEqual(
      ids(18_976, 20_000).filter((id) => !found.has(id)),
      [],
    );
    assert.match(lacks ?? '', /too slow to look further back/);
    link.delayMs(0);
    assert.equal(await sink.send(frameOf('tracks.a', 'x', { id: 'next' })), 'confirmed');
    await nothingLeft(admin);
  },
);
