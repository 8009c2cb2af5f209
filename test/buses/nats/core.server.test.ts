import assert from 'node:assert/strict';
import { SluiceError } from '#contract/errors.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { natsClient } from '../../harness/nats-client.ts';
import { startNats } from '../../harness/nats.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import {
  accept,
  connectionTo,
  DEADLINE_MS,
  closing,
  frameForTest,
  nats,
  outcomeOf,
  over,
  recordedContext,
  take,
  textOf,
} from './ends.ts';

const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };
const to = { subject: 'core.{key}', timeout: '2s' };

serverTest(
  'a frame arrives with its body, headers, id, content type and expiry, first of its kind',
  shared,
  async () => {
    await using broker = await sharedNats();
    const connection = connectionTo(broker.url);
    const source = await nats.openSource({ connection, end: { subjects: ['core.>'] } }, recordedContext());
    const sink = await nats.openSink({ connection, end: to }, recordedContext({ direction: 'sink' }));
    const carried = {
      id: 'm-1',
      contentType: 'application/json',
      expiresAtMs: Date.UTC(2031, 1, 1),
      headers: new Map([
        ['seclabel', ['S']],
        ['X', ['1', '2']],
      ]),
    };
    await sink.send(frameForTest('core.a', 'body', carried));
    const [delivery] = await accept(source, 1);
    assert.deepEqual(delivery?.frame, frameForTest('core.a', 'body', carried));
    assert.equal(delivery.attempt, 1);
    await Promise.all([source.close(), sink.close()]);
  },
);

serverTest('a queue group shares the messages out, each to one', shared, async () => {
  await using broker = await sharedNats();
  const connection = connectionTo(broker.url);
  const end = { subjects: ['shared.>'], queue: 'workers' };
  const [one, two] = await Promise.all([
    nats.openSource({ connection, end }, recordedContext()),
    nats.openSource({ connection, end }, recordedContext()),
  ]);
  const sink = await nats.openSink({ connection, end: to }, recordedContext());
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = [one, two].map(async (source) => {
    for (;;) {
      const read = await source.read({ messages: 10, bytes: 1e6 }, stop.signal);
      if (read.length === 0) return;
      seen.push(...read.map(textOf));
    }
  });
  const sent = Array.from({ length: 100 }, (_, index) => String(index));
  await Promise.all(sent.map((text) => sink.send(frameForTest('shared.x', text))));
  await waitFor(() => seen.length === 100, DEADLINE_MS, 'all messages');
  stop.abort();
  await Promise.all(reading);
  assert.deepEqual(seen.toSorted(), sent.toSorted());
  await Promise.all([one.close(), two.close(), sink.close()]);
});

serverTest(
  'a burst beyond the bound drops the oldest, keeps the newest, and says so with a count',
  shared,
  async () => {
    await using broker = await sharedNats();
    const connection = connectionTo(broker.url);
    const context = recordedContext({ window: { messages: 1, bytes: 1e6 } });
    const source = await nats.openSource({ connection, end: { subjects: ['burst'] } }, context);
    const sink = await nats.openSink({ connection, end: to }, recordedContext());
    await Promise.all(Array.from({ length: 300 }, (_, index) => sink.send(frameForTest('burst', String(index)))));
    assert.match(await context.reported('CORE_OVERRUN'), /dropped/);
    await sink.send(frameForTest('burst', 'last'));
    // The server is done with this connection's input in order: what is to arrive has arrived with the last.
    const kept: string[] = [];
    while (kept.at(-1) !== 'last') {
      kept.push(...(await take(source, 1)).map(textOf));
    }
    // 256 are held, and the last may come on another connection after the first was taken.
    assert.ok(kept.length <= 257, `${kept.length} kept`);
    assert.deepEqual(
      kept.slice(0, -1),
      Array.from({ length: kept.length - 1 }, (_, index) => String(301 - kept.length + index)),
    );
    await source.close();
    const counts = context.events.map((event) => (event.kind === 'loss' ? (event.messages ?? NaN) : 0));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      301 - kept.length,
      'each is counted once',
    );
    await sink.close();
  },
);

serverTest('a burst beyond the bytes of the bound drops the oldest', shared, async () => {
  await using broker = await sharedNats();
  const connection = connectionTo(broker.url);
  const context = recordedContext({ window: { messages: 100, bytes: 10_000 } });
  const source = await nats.openSource({ connection, end: { subjects: ['burst'] } }, context);
  const sink = await nats.openSink({ connection, end: to }, recordedContext());
  await Promise.all(Array.from({ length: 100 }, () => sink.send(frameForTest('burst', 'x'.repeat(1000)))));
  await context.reported('CORE_OVERRUN');
  await Promise.all([source.close(), sink.close()]);
});

serverTest(
  'a denial fails its flush for the moment; sent again, the denied subject is refused and all others pass',
  own,
  async () => {
    const permissions = '{ publish: { allow: ["open.>"] }, subscribe: { allow: [">"] } }';
    await using broker = await startNats({ users: [{ user: 'bridge', password: 'x', permissions }] });
    const connection = { ...connectionTo(broker.url), user: 'bridge', password: 'x' };
    const sink = await nats.openSink({ connection, end: to }, recordedContext({ direction: 'sink' }));
    const sendAll = (): Promise<string[]> =>
      Promise.all(
        ['open.a', 'closed.a', 'open.b', 'closed.b', 'closed.a'].map((subject) =>
          outcomeOf(() => sink.send(frameForTest(subject, 'x'))),
        ),
      );
    assert.deepEqual(new Set(await sendAll()), new Set(['SINK_DOWN']));
    const outcomes = await sendAll();
    assert.deepEqual(outcomes, ['confirmed', 'SINK_DENIED', 'confirmed', 'SINK_DENIED', 'SINK_DENIED']);
    await sink.close();
  },
);

serverTest('a subject that may not be read is a problem that names it', own, async () => {
  const permissions = '{ publish: [">"], subscribe: { allow: ["open.>", "_INBOX.>"] } }';
  await using broker = await startNats({ users: [{ user: 'bridge', password: 'x', permissions }] });
  const connection = { ...connectionTo(broker.url), user: 'bridge', password: 'x' };
  const context = recordedContext();
  const source = await nats.openSource({ connection, end: { subjects: ['open.>', 'closed.>'] } }, context);
  assert.match(await context.reported('BUS_AUTH'), /closed\.>/);
  await source.close();
});

serverTest('what can never pass is refused before the client sees it', own, async () => {
  await using broker = await startNats({ config: 'max_payload: 1000' });
  const sink = await nats.openSink({ connection: connectionTo(broker.url), end: to }, recordedContext());
  const outcomes = await Promise.all(
    [
      frameForTest('core.a', 'x'.repeat(1001)),
      frameForTest('core.a', 'x'.repeat(990), { id: 'makes it too large' }),
      frameForTest('core.*', 'x'),
      frameForTest('core.a b', 'x'),
      frameForTest('core..b', 'x'),
      frameForTest('core.a\r\nPUB core.b 1\r\nx', 'x'),
      frameForTest('core.a', 'x', { id: 'a\r\nb: c' }),
      frameForTest('core.a', 'x'),
    ].map((frame) => outcomeOf(() => sink.send(frame))),
  );
  assert.deepEqual(outcomes, [
    'SINK_TOO_LARGE',
    'SINK_TOO_LARGE',
    'ADDRESS_INVALID',
    'ADDRESS_INVALID',
    'ADDRESS_INVALID',
    'ADDRESS_INVALID',
    'confirmed',
    'confirmed',
  ]);
  await sink.close();
});

serverTest(
  'sends into a cut are rejected, never silently discarded, and what is sent again arrives in order',
  shared,
  async () => {
    await using broker = await sharedNats();
    await using link = await startLink(broker.port);
    const reader = closing(await natsClient(broker.url));
    const arrived: number[] = [];
    reader.subscribe('core.>', { callback: (_, message) => void arrived.push(Number(message.string())) });
    await reader.flush();
    const context = recordedContext({ direction: 'sink' });
    const sink = await nats.openSink({ connection: connectionTo(over(broker.url, link)), end: to }, context);
    let base = 0;
    let failures = 0;
    for (let cuts = 0; base < 2000;) {
      const window = Array.from({ length: Math.min(100, 2000 - base) }, (_, index) => base + index);
      const sends = window.map((number) => outcomeOf(() => sink.send(frameForTest('core.a', String(number)))));
      if (base >= cuts * 400) {
        cuts += 1;
        await link.cut();
      }
      const outcomes = await Promise.all(sends);
      const failed = outcomes.findIndex((outcome) => outcome !== 'confirmed');
      for (const outcome of outcomes) assert.match(outcome, /^(confirmed|SINK_DOWN)$/);
      failures += failed === -1 ? 0 : 1;
      base += failed === -1 ? outcomes.length : failed;
      if (failed !== -1)
        await link.mend().then(() => waitFor(() => connected(context.events), DEADLINE_MS, 'the connection'));
    }
    await reader.flush();
    const first = arrived.filter((number, index) => arrived.indexOf(number) === index);
    assert.deepEqual(
      first,
      Array.from({ length: 2000 }, (_, index) => index),
      'none lost, first arrivals in order',
    );
    await Promise.all([sink.close(), reader.close()]);
  },
);

serverTest('a link that takes but brings no answer fails the sends within their deadline', shared, async () => {
  await using broker = await sharedNats();
  await using link = await startLink(broker.port);
  const connection = connectionTo(over(broker.url, link));
  const sink = await nats.openSink({ connection, end: { ...to, timeout: '300ms' } }, recordedContext());
  const send = (): Promise<string> => outcomeOf(() => sink.send(frameForTest('core.a', 'x')));
  link.blackhole();
  assert.equal(await send(), 'SINK_TIMEOUT');
  await link.mend();
  await waitFor(async () => (await send()) === 'confirmed', DEADLINE_MS, 'a confirmation');
});

serverTest('a source that lost its server reads on when it is back', own, async () => {
  await using broker = await startNats();
  const connection = connectionTo(broker.url);
  const context = recordedContext();
  const source = await nats.openSource({ connection, end: { subjects: ['core.>'] } }, context);
  await broker.kill();
  await broker.restart();
  await waitFor(() => connected(context.events) && context.events.length > 2, DEADLINE_MS, 'the return');
  const sink = await nats.openSink({ connection, end: to }, recordedContext());
  await sink.send(frameForTest('core.a', 'after'));
  assert.deepEqual((await accept(source, 1)).map(textOf), ['after']);
  await Promise.all([source.close(), sink.close()]);
});

serverTest('after close, sends are rejected and a read ends with its signal only', shared, async () => {
  await using broker = await sharedNats();
  const connection = connectionTo(broker.url);
  const sink = await nats.openSink({ connection, end: to }, recordedContext());
  await sink.close();
  assert.equal(await outcomeOf(() => sink.send(frameForTest('core.a', 'x'))), 'SINK_DOWN');
  const source = await nats.openSource({ connection, end: { subjects: ['core.>'] } }, recordedContext());
  const stop = new AbortController();
  const reading = source.read({ messages: 1, bytes: 1 }, stop.signal);
  stop.abort();
  assert.deepEqual(await reading, []);
  await source.close();
});

function connected(events: readonly { readonly kind: string }[]): boolean {
  return events.findLast(({ kind }) => kind === 'connected' || kind === 'disconnected')?.kind === 'connected';
}

serverTest("every error of a sink is the bridge's own", shared, async () => {
  await using broker = await sharedNats();
  const sink = await nats.openSink({ connection: connectionTo(broker.url), end: to }, recordedContext());
  assert.throws(() => void sink.send(frameForTest('a b', 'x')), SluiceError);
  await sink.close();
});
