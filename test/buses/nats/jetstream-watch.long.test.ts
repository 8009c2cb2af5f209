import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { ACK_WAIT_MS } from '../../../runtime/buses/nats/jetstream/consumer.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { publishStored } from '../../harness/publish-stored.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Admin, withStream } from './admin.ts';
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
} from './ends.ts';
import { numbers, openTracks, TRACKS } from './tracks.ts';

const shared = { needs: ['nats'] as const };
/** Readiness follows within this. */
const KNOWN_MS = 35_000;

interface Reading extends AsyncDisposable {
  readonly texts: string[];
  readonly context: RecordedContext;
}

/** Reads and accepts from now on. */
async function reading(url: string): Promise<Reading> {
  const context = recordedContext();
  const source = await openTracks(url, context);
  const texts: string[] = [];
  const stop = new AbortController();
  const go = async (): Promise<void> => {
    for (;;) {
      const read = await source.read({ messages: 256, bytes: 1e7 }, stop.signal);
      if (read.length === 0) return;
      for (const delivery of read) {
        texts.push(textOf(delivery));
        delivery.settle(ACCEPT);
      }
    }
  };
  const going = go();
  return {
    texts,
    context,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await going;
      await source.close();
    },
  };
}

const publish = ({ connection }: Admin, first: number, last: number): Promise<void> =>
  publishStored(connection, last - first + 1, (at) => ({
    subject: (first + at) % 2 === 0 ? 'tracks.a' : 'tracks.b',
    body: String(first + at),
  }));

/** Why the source is suspended; undefined: it is not. */
function suspension({ events }: RecordedContext): string | undefined {
  const last = events.findLast(({ kind }) => kind === 'suspended' || kind === 'resumed');
  return last?.kind === 'suspended' ? last.detail : undefined;
}

const suspended = ({ context }: Reading): Promise<string> =>
  waitFor(() => suspension(context), KNOWN_MS, 'the source to say what it waits for');

const resumed = ({ context }: Reading): Promise<boolean> =>
  waitFor(() => suspension(context) === undefined, KNOWN_MS, 'the source to go on');

serverTest('a filter that an operator narrows is put right and said, and no message is left out', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await using reader = await reading(broker.url);
  await publish(admin, 1, 1000);
  await waitFor(() => reader.texts.length === 1000, DEADLINE_MS, 'the first messages');
  await admin.manager.consumers.update('TRACKS', 'bridge', { filter_subject: 'tracks.a' });
  await publish(admin, 1001, 3000);
  await waitFor(() => reader.texts.length >= 2000, DEADLINE_MS, 'what passes the filter');
  await waitFor(() => reader.texts.length >= 3000, DEADLINE_MS, 'what the filter had left out');
  assert.match(
    await reader.context.reported('CONSUMER_CHANGED'),
    /filter_subjects was tracks\.a, not all; it was put right/,
  );
  await publish(admin, 3001, 3100);
  await waitFor(() => reader.texts.length >= 3100, DEADLINE_MS, 'what came after');
  assert.deepEqual(
    reader.texts.toSorted((a, b) => Number(a) - Number(b)),
    numbers(1, 3100),
    'each once',
  );
  const { ack_floor: floor } = await admin.manager.consumers.info('TRACKS', 'bridge');
  await waitFor(
    async () => (await admin.manager.consumers.info('TRACKS', 'bridge')).ack_floor.stream_seq === 3100,
    DEADLINE_MS,
    `every message to be acknowledged, from ${floor.stream_seq} on`,
  );
});

serverTest('settings that an operator changes are put right while the route runs', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await using reader = await reading(broker.url);
  await admin.manager.consumers.update('TRACKS', 'bridge', { ack_wait: 1e9, max_ack_pending: 1 });
  await reader.context.reported('CONSUMER_CHANGED');
  const { config } = await admin.manager.consumers.info('TRACKS', 'bridge');
  assert.equal(config.ack_wait, ACK_WAIT_MS * 1e6);
  assert.equal(config.max_ack_pending, 256);
  await publish(admin, 1, 100);
  await waitFor(() => reader.texts.length === 100, DEADLINE_MS, 'the messages');
});

serverTest(
  'a consumer that an operator turned to headers only brings no empty body, and the source says why it waits',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await using reader = await reading(broker.url);
    await publish(admin, 1, 10);
    await waitFor(() => reader.texts.length === 10, DEADLINE_MS, 'the first messages');
    await admin.manager.consumers.update('TRACKS', 'bridge', { headers_only: true });
    await publish(admin, 11, 20);
    assert.match(await suspended(reader), /headers_only/);
    await admin.manager.consumers.update('TRACKS', 'bridge', { headers_only: false });
    await resumed(reader);
    await waitFor(() => reader.texts.length >= 20, DEADLINE_MS, 'the rest');
    assert.deepEqual(reader.texts, numbers(1, 20));
  },
);

serverTest('a paused consumer is said with its end while messages wait, and not while none do', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await using reader = await reading(broker.url);
  const until = new Date(Date.now() + 3_600_000);
  await admin.manager.consumers.pause('TRACKS', 'bridge', until);
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  assert.equal(suspension(reader.context), undefined, 'nothing waits');
  await publish(admin, 1, 10);
  assert.match(
    await suspended(reader),
    /waits for an operator: .*bridge of stream TRACKS is paused until 2.*, and 10 messages wait/,
  );
  assert.deepEqual(reader.texts, []);
  await admin.manager.consumers.resume('TRACKS', 'bridge');
  await waitFor(() => reader.texts.length === 10, DEADLINE_MS, 'the messages');
  await resumed(reader);
});

serverTest('a stream that is deleted is missed and said, and read when it is there again', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await using reader = await reading(broker.url);
  await publish(admin, 1, 10);
  await waitFor(() => reader.texts.length === 10, DEADLINE_MS, 'the first messages');
  await admin.manager.streams.delete('TRACKS');
  assert.match(await suspended(reader), /BUS_MISSING stream TRACKS does not exist/);
  await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'] });
  await publish(admin, 101, 110);
  await resumed(reader);
  await waitFor(() => reader.texts.length === 20, DEADLINE_MS, 'the messages of the new stream');
  assert.deepEqual(reader.texts.slice(10), numbers(101, 110));
});

serverTest('messages that are purged before they were read are a loss that is said', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await using reader = await reading(broker.url);
  await admin.manager.consumers.pause('TRACKS', 'bridge', new Date(Date.now() + 3_600_000));
  await publish(admin, 1, 50);
  await suspended(reader);
  await admin.manager.streams.purge('TRACKS');
  assert.match(await reader.context.reported('MESSAGES_REMOVED'), /at least 50 messages of stream TRACKS were removed/);
  await admin.manager.consumers.resume('TRACKS', 'bridge');
  await publish(admin, 51, 60);
  await waitFor(() => reader.texts.length === 10, DEADLINE_MS, 'what came after');
  assert.deepEqual(reader.texts, numbers(51, 60));
  await resumed(reader);
});

serverTest('a stream that no longer takes what the route reads, or is sealed, is said', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await publish(admin, 1, 4);
  const context = recordedContext();
  const end = { ...TRACKS, subjects: ['tracks.a'] };
  const source = await jetstream.openSource({ connection: connectionTo(broker.url), end }, context);
  const subjects = ['tracks.b'];
  await admin.manager.streams.update('TRACKS', { subjects });
  const sealing = { subjects, sealed: true };
  await admin.manager.streams.update('TRACKS', sealing);
  assert.match(
    await context.reported('STREAM_SUBJECTS', KNOWN_MS),
    /stream TRACKS takes the subjects tracks\.b, and the route reads tracks\.a/,
  );
  await context.reported('STREAM_SEALED', KNOWN_MS);
  assert.deepEqual((await accept(source, 2)).map(textOf), ['2', '4'], 'what it holds is read all the same');
  assert.equal(suspension(context), undefined);
});

serverTest('a mirror is read like any stream, and nothing is said', shared, async () => {
  await using broker = await sharedNats();
  await using admin = await withStream(broker);
  await admin.manager.streams.add({ name: 'MIRROR', mirror: { name: 'TRACKS' } });
  await publish(admin, 1, 4);
  const context = recordedContext();
  const end = { ...TRACKS, stream: 'MIRROR', subjects: ['tracks.a'] };
  const source = await jetstream.openSource({ connection: connectionTo(broker.url), end }, context);
  assert.deepEqual((await accept(source, 2)).map(textOf), ['2', '4']);
  assert.deepEqual(
    context.events.filter(({ kind }) => kind !== 'connected'),
    [],
  );
});

serverTest(
  'of a part of a stream, what waited when the connection was cut and was purged is a loss, with its number',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await using link = await startLink(broker.port);
    const context = recordedContext({ window: { messages: 4, bytes: 1e7 } });
    const end = { ...TRACKS, subjects: ['tracks.a'] };
    const source = await jetstream.openSource({ connection: connectionTo(over(broker.url, link)), end }, context);
    await publish(admin, 1, 40);
    // With the second look the first one's answers are there.
    const looks = admin.connection.subscribe('$JS.API.CONSUMER.INFO.TRACKS.bridge', { max: 2 });
    const underWay = await take(source, 4);
    for await (const look of looks) assert.ok(look.subject.length > 0);
    await link.cut();
    await admin.manager.streams.purge('TRACKS');
    await publish(admin, 41, 42);
    await link.mend();
    const text = await context.reported('MESSAGES_REMOVED');
    assert.match(text, /^at least 16 messages of stream TRACKS were removed/);
    for (const delivery of underWay) delivery.settle(ACCEPT);
    assert.deepEqual((await accept(source, 1)).map(textOf), ['42']);
    await source.close();
  },
);
