import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Sink } from '#contract/sink.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { natsClient } from '../../harness/nats-client.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { adminOf, withStream } from './admin.ts';
import {
  closing,
  connectionTo,
  DEADLINE_MS,
  frameForTest,
  goBackN,
  jetstream,
  outcomeOf,
  over,
  recordedContext,
} from './ends.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };
const to = { stream: 'TRACKS', subject: 'tracks.{key}', timeout: '2s' };

const opened = (url: string, context = recordedContext({ direction: 'sink' })): Promise<Sink> =>
  jetstream.openSink({ connection: connectionTo(url), end: to }, context);

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => frameForTest(`tracks.${index % 4}`, String(index), { id: `m${index}` }));

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

serverTest(
  'a confirmed frame is in the stream with its headers, its id twice, and the stream it was meant for',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker, { allow_msg_ttl: true });
    const sink = await opened(broker.url);
    const carried = {
      id: 'r/1',
      contentType: 'text/plain',
      expiresAtMs: Date.now() + 3_600_000,
      headers: new Map([['seclabel', ['S']]]),
    };
    assert.equal(await sink.send(frameForTest('tracks.a', 'body', carried)), 'confirmed');
    assert.equal(await sink.send(frameForTest('tracks.a', 'body', carried)), 'duplicate');
    const message = await admin.manager.streams.getMessage('TRACKS', { seq: 1 });
    const header = (name: string): string | undefined => message?.header.get(name);
    assert.equal(message?.string(), 'body');
    assert.deepEqual(
      ['msgid', 'Nats-Msg-Id', 'content-type', 'seclabel', 'Nats-Expected-Stream', 'Nats-TTL', 'expirytime'].map(
        header,
      ),
      ['', 'r/1', 'text/plain', 'S', 'TRACKS', '3600s', new Date(carried.expiresAtMs).toISOString()],
    );
  },
);

serverTest('a missing stream is a problem that names it, and opening goes on once it is there', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await adminOf(broker);
  const context = recordedContext({ direction: 'sink' });
  const opening = opened(broker.url, context);
  assert.match(await context.reported('BUS_MISSING', 5000), /TRACKS.*create: true/);
  await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
  const sink = await opening;
  assert.equal(await sink.send(frameForTest('tracks.a', 'x')), 'confirmed');
});

serverTest('with create: true the stream is made from the template of the subject', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await adminOf(broker);
  const connection = { ...connectionTo(broker.url), create: true };
  await jetstream.openSink({ connection, end: to }, recordedContext());
  const { config } = await admin.manager.streams.info('TRACKS');
  assert.deepEqual(config.subjects, ['tracks.*']);
});

serverTest('a stream that does not take the subject, or confirms nothing, is a setting to mend', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker, { subjects: ['others.>'] });
  const context = recordedContext({ direction: 'sink' });
  const opening = opened(broker.url, context);
  assert.match(await context.reported('BUS_SETTING', 5000), /others\.>.*tracks\.\{key\}/);
  await admin.manager.streams.update('TRACKS', { subjects: ['tracks.>'], no_ack: true });
  await waitFor(
    () => context.events.some((event) => event.kind === 'problem' && event.error.message.includes('no_ack')),
    DEADLINE_MS,
    'a report of no_ack',
  );
  await admin.manager.streams.update('TRACKS', { no_ack: false });
  await opening;
});

serverTest('no JetStream at all is told within 5 s', own, async () => {
  await using broker = await startNats({ jetstream: false });
  const context = recordedContext({ direction: 'sink' });
  const opening = assert.rejects(opened(broker.url, context));
  assert.match(await context.reported('BUS_MISSING', 5000), /JetStream/);
  context.stop.abort();
  await opening;
});

serverTest(
  'while the stream is away nothing is acknowledged: 503 is SINK_DOWN, and the problem names the stream',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    const context = recordedContext({ direction: 'sink' });
    const sink = await opened(broker.url, context);
    assert.equal(await sink.send(frameForTest('tracks.a', 'x')), 'confirmed');
    await admin.manager.streams.delete('TRACKS');
    const outcomes = await Promise.all(numbered(50).map((frame) => outcomeOf(() => sink.send(frame))));
    assert.deepEqual(new Set(outcomes), new Set(['SINK_DOWN']));
    assert.match(await context.reported('BUS_MISSING'), /TRACKS/);
    await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
    assert.equal(await sink.send(frameForTest('tracks.a', 'x')), 'confirmed');
  },
);

serverTest('a subject of another stream is refused for that message alone', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await admin.manager.streams.add({ name: 'OTHER', subjects: ['other.>'] });
  const sink = await opened(broker.url);
  assert.equal(await outcomeOf(() => sink.send(frameForTest('other.a', 'x'))), 'SINK_REFUSED');
  assert.equal(await sink.send(frameForTest('tracks.a', 'x')), 'confirmed');
});

serverTest('a full stream stops the bus, a message too large only itself', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker, { max_msgs: 1, discard: 'new', max_msg_size: 100 });
  const sink = await opened(broker.url);
  const sized = (bytes: number): Promise<string> =>
    outcomeOf(() => sink.send(frameForTest('tracks.a', 'x'.repeat(bytes))));
  assert.equal(await sized(200), 'SINK_TOO_LARGE');
  assert.equal(await sized(2_000_000), 'SINK_TOO_LARGE');
  const bare = await jetstream.openSink({ connection: connectionTo(broker.url), end: to }, recordedContext());
  await bare.close();
  await admin.manager.streams.update('TRACKS', { max_msg_size: -1 });
  assert.equal(await sized(1), 'confirmed');
  assert.equal(await sized(1), 'SINK_DOWN');
  await admin.manager.streams.purge('TRACKS');
  assert.equal(await sized(1), 'confirmed');
});

serverTest('a denied subject rejects its own sends only, long before their deadline', own, async () => {
  const permissions = '{ publish: { allow: ["$JS.API.>", "tracks.open"] }, subscribe: { allow: ["_INBOX.>"] } }';
  await using broker = await startNats({
    users: [
      { user: 'bridge', password: 'x', permissions },
      { user: 'admin', password: 'x' },
    ],
  });
  const admin = closing(await natsClient(broker.url, { user: 'admin', pass: 'x' }));
  await (await jetstreamManager(admin)).streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
  const connection = { ...connectionTo(broker.url), user: 'bridge', password: 'x' };
  const sink = await jetstream.openSink({ connection, end: { ...to, timeout: '20s' } }, recordedContext());
  const beganMs = performance.now();
  const send = (subject: string): Promise<string> => outcomeOf(() => sink.send(frameForTest(subject, 'x')));
  const outcomes = await Promise.all(['tracks.open', 'tracks.shut', 'tracks.open'].map(send));
  assert.deepEqual(outcomes, ['confirmed', 'SINK_DENIED', 'confirmed']);
  assert.ok(performance.now() - beganMs < patient(5000));
});

serverTest(
  'a link without answers fails each send at its deadline; late answers confirm nothing else',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using _admin = await withStream(broker);
    await using link = await startLink(broker.port);
    const end = { ...to, timeout: '300ms' };
    const connection = connectionTo(over(broker.url, link));
    const sink = await jetstream.openSink({ connection, end }, recordedContext());
    link.blackhole('down');
    const outcomes = await Promise.all(numbered(20).map((frame) => outcomeOf(() => sink.send(frame))));
    assert.deepEqual(new Set(outcomes), new Set(['SINK_TIMEOUT']));
    await link.mend();
    const again = await Promise.all(numbered(20).map((frame) => outcomeOf(() => sink.send(frame))));
    assert.deepEqual(new Set(again), new Set(['duplicate']), 'they had arrived');
  },
);

serverTest('over cuts of the link, go-back-N stores everything once and in order', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await using link = await startLink(broker.port);
  const sink = await opened(over(broker.url, link));
  let cuts = 0;
  const failures = await goBackN(sink, numbered(3000), 200, async (base) => {
    if (base < cuts * 500) return;
    cuts += 1;
    await link.cut();
    await link.mend();
  });
  assert.ok(failures > 0, 'the cuts were felt');
  assert.deepEqual(await admin.stored('TRACKS'), numbers(3000));
});

serverTest('over kill -9 and restart of the server, go-back-N stores everything once and in order', own, async () => {
  await using broker = await startNats();
  await using admin = await withStream(broker);
  const sink = await opened(broker.url);
  let kills = 0;
  const failures = await goBackN(sink, numbered(3000), 200, async (base) => {
    if (base < kills * 1000) return;
    kills += 1;
    await broker.kill();
    await broker.restart();
  });
  assert.ok(failures > 0, 'the kills were felt');
  await waitFor(async () => (await admin.connection.rtt()) > 0, DEADLINE_MS, 'the admin to be back');
  assert.deepEqual(await admin.stored('TRACKS'), numbers(3000));
});

serverTest('a stream in memory is said to be one', shared, async () => {
  await using broker = await sharedNats();
  await using _admin = await withStream(broker, { storage: 'memory' });
  const context = recordedContext({ direction: 'sink' });
  await opened(broker.url, context);
  assert.match(await context.reported('STREAM_IN_MEMORY'), /TRACKS/);
});

serverTest('sends still open when the sink closes, and sends after, end as SINK_DOWN', shared, async () => {
  await using broker = await sharedNats();
  await using _admin = await withStream(broker);
  await using link = await startLink(broker.port);
  const connection = connectionTo(over(broker.url, link));
  const sink = await jetstream.openSink({ connection, end: { ...to, timeout: '20s' } }, recordedContext());
  link.blackhole();
  const open = outcomeOf(() => sink.send(frameForTest('tracks.a', 'x')));
  await sink.close();
  assert.equal(await open, 'SINK_DOWN');
  assert.equal(await outcomeOf(() => sink.send(frameForTest('tracks.a', 'x'))), 'SINK_DOWN');
});
