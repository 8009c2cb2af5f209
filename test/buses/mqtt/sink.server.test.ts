import assert from 'node:assert/strict';
import type { BusEvent } from '#contract/bus.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startMosquitto } from '../../harness/mosquitto.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import {
  DEADLINE_MS,
  firstProblem,
  frameForTest,
  numbers,
  openingSink,
  reported,
  sink,
  untilReported,
} from './ends.ts';
import { peer } from './peer.ts';
import { startTap } from './tap.ts';

const shared = { needs: ['mosquitto'] } as const;
const own = { needs: ['mosquitto-process'] } as const;

/** The code with which each send ended: `confirmed`, or an error's. */
function endings(sends: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(sends.map((send) => send.then(String, (error: SluiceError) => error.code)));
}

function sendAll(to: Sink, bodies: readonly string[]): Promise<string>[] {
  return bodies.map((body) => to.send(frameForTest('t', body)));
}

serverTest(
  'a confirmed frame arrives with body, headers in order, content type, id and the seconds that are left',
  shared,
  async () => {
    await using mosquitto = await startMosquitto();
    await using listener = await peer(mosquitto.url, {}, 't/#');
    await using to = await sink(mosquitto.url);
    const headers = new Map([
      ['seclabel', ['S']],
      ['many', ['b', 'a', 'b']],
    ]);
    const sent = frameForTest('t/1', '{}', {
      headers,
      id: 'i-1',
      contentType: 'application/json',
      expiresAtMs: Date.now() + 59_500,
    });
    assert.equal(await to.end.send(sent), 'confirmed');
    const got = await waitFor(() => listener.got[0], DEADLINE_MS, 'the frame');
    assert.deepEqual([got.topic, got.payload.toString(), got.qos, got.retain], ['t/1', '{}', 1, false]);
    assert.deepEqual({ ...got.properties?.userProperties }, { msgid: 'i-1', seclabel: 'S', many: ['b', 'a', 'b'] });
    assert.equal(got.properties?.contentType, 'application/json');
    assert.ok(
      [59, 60].includes(got.properties?.messageExpiryInterval ?? 0),
      String(got.properties?.messageExpiryInterval),
    );
  },
);

serverTest('frames arrive in the order of the calls, by version 5 and 3.1.1, at QoS 1 and 0', shared, async () => {
  await using mosquitto = await startMosquitto();
  for (const protocol of ['5', '3.1.1'] as const) {
    for (const qos of [1, 0] as const) {
      await using listener = await peer(mosquitto.url, {}, 't');
      await using to = await sink(mosquitto.url, { connection: { protocol }, to: { qos } });
      assert.deepEqual(new Set(await endings(sendAll(to.end, numbers(200)))), new Set(['confirmed']));
      await waitFor(() => listener.got.length === 200, DEADLINE_MS, '200 frames');
      assert.deepEqual(
        listener.got.map(({ payload }) => payload.toString()),
        numbers(200),
      );
    }
  }
});

serverTest('a cut ends every open send with SINK_DOWN, and nothing is sent again by itself', own, async () => {
  await using mosquitto = await startMosquitto();
  await using tap = await startTap(mosquitto.port, 5);
  await using to = await sink(tap.url);
  mosquitto.pause();
  const sends = sendAll(to.end, numbers(50));
  const ended = endings(sends);
  await waitFor(() => tap.of('up', 'publish').length === 50, DEADLINE_MS, '50 packets');
  tap.cut();
  assert.deepEqual(new Set(await ended), new Set(['SINK_DOWN']));
  // While it is away a send fails at once.
  assert.deepEqual(await endings([to.end.send(frameForTest('t', 'x'))]), ['SINK_DOWN']);
  mosquitto.resume();
  await untilReported(to.events, 'connected', 2);
  assert.equal(await to.end.send(frameForTest('t', 'after')), 'confirmed');
  const again = tap.of('up', 'publish').filter(({ connection }) => connection > 1);
  assert.deepEqual(
    again.map(({ payload }) => payload.toString()),
    ['after'],
  );
});

serverTest(
  'a server that confirms nothing ends sends with SINK_TIMEOUT, and a new connection is made',
  own,
  async () => {
    await using mosquitto = await startMosquitto();
    await using to = await sink(mosquitto.url, { to: { timeout: '300ms' } });
    mosquitto.pause();
    const startedMs = performance.now();
    assert.deepEqual(new Set(await endings(sendAll(to.end, numbers(5)))), new Set(['SINK_TIMEOUT']));
    assert.ok(performance.now() - startedMs < patient(3000));
    mosquitto.resume();
    await untilReported(to.events, 'connected', 2);
    assert.equal(await to.end.send(frameForTest('t', 'after')), 'confirmed');
  },
);

serverTest(
  "what the server refuses for good is the message's end, and the next one passes on the same connection",
  own,
  async () => {
    const acl = 'topic readwrite t/#\ntopic read denied';
    await using mosquitto = await startMosquitto({ acl, config: 'message_size_limit 1000' });
    await using to = await sink(mosquitto.url);
    const headers = new Map([['seclabel', ['a\u0000b']]]);
    assert.deepEqual(
      await endings([
        to.end.send(frameForTest('t/1', 'fine')),
        to.end.send(frameForTest('denied', 'x')),
        to.end.send(frameForTest('t/1', 'x'.repeat(1001))),
        to.end.send(frameForTest('t/+/1', 'x')),
        to.end.send(frameForTest('t/1', 'x', { headers })),
        to.end.send(frameForTest('t/1', 'x', { expiresAtMs: Date.now() - 1 })),
        to.end.send(frameForTest('t/1', 'fine')),
      ]),
      ['confirmed', 'SINK_DENIED', 'SINK_TOO_LARGE', 'ADDRESS_INVALID', 'HEADER_UNSPELLABLE', 'EXPIRED', 'confirmed'],
    );
    assert.deepEqual(reported(to.events, 'disconnected'), []);
  },
);

serverTest(
  "a packet beyond the server's stated maximum is refused here, one of just that size passes",
  own,
  async () => {
    await using mosquitto = await startMosquitto({ config: 'max_packet_size 2000' });
    await using to = await sink(mosquitto.url);
    // 1 + 2 bytes of header, 2 + 1 of topic, 2 of packet id, 1 of properties.
    assert.deepEqual(await endings([1991, 1992].map((size) => to.end.send(frameForTest('t', 'x'.repeat(size))))), [
      'confirmed',
      'SINK_TOO_LARGE',
    ]);
    assert.deepEqual(reported(to.events, 'disconnected'), []);
  },
);

serverTest('version 3.1.1 cannot say why it ends connections; an operator hears of it', own, async () => {
  await using mosquitto = await startMosquitto({ config: 'max_packet_size 2000' });
  await using to = await sink(mosquitto.url, { connection: { protocol: '3.1.1' } });
  const poison = frameForTest('t', 'x'.repeat(5000));
  for (let round = 1; round <= 3; round += 1) {
    await untilReported(to.events, 'connected', round);
    assert.deepEqual(await endings([to.end.send(poison)]), ['SINK_DOWN']);
  }
  assert.equal((await untilReported(to.events, 'notice')).code, 'SINK_ENDS_CONNECTIONS');
});

serverTest('version 3.1.1 loses headers, and where the file says reject refuses who has some', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using listener = await peer(mosquitto.url, {}, 't');
  const way = ['traceparent', 'tracestate', 'replayed', 'stale', 'sluice-hops'];
  const bare = { id: 'i', headers: new Map(way.map((name) => [name, ['1']])) };
  const odd = [
    { headers: new Map([['origin', ['me']]]) },
    { headers: new Map([...bare.headers, ['seclabel', ['S']]]) },
    { contentType: 'text/plain' },
  ];
  const ended: Record<string, readonly string[]> = {};
  for (const unspellable of ['encode', 'drop', 'reject'] as const) {
    await using to = await sink(mosquitto.url, { connection: { protocol: '3.1.1' }, unspellable });
    ended[unspellable] = await endings([bare, ...odd].map((more) => to.end.send(frameForTest('t', unspellable, more))));
  }
  const refused = 'HEADER_UNSPELLABLE';
  const passed = [bare, ...odd].map(() => 'confirmed');
  assert.deepEqual(ended, { encode: passed, drop: passed, reject: ['confirmed', refused, refused, refused] });
  await waitFor(() => listener.got.length === 9, DEADLINE_MS, 'what was confirmed');
});

serverTest(
  'never more is unconfirmed than the server takes',
  { needs: ['mosquitto-process', 'mosquitto'] },
  async () => {
    await using mosquitto = await startMosquitto({ maxInflight: 10 });
    await using narrow = await sink(mosquitto.url);
    assert.equal(narrow.end.maxInFlight, 10);
    await using wide = await startMosquitto();
    await using to = await sink(wide.url);
    assert.equal(to.end.maxInFlight, 256);
  },
);

serverTest('a message that nobody subscribes to is confirmed, and said once', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using to = await sink(mosquitto.url);
  assert.deepEqual(await endings(sendAll(to.end, numbers(3))), ['confirmed', 'confirmed', 'confirmed']);
  assert.deepEqual(
    reported(to.events, 'notice').map(({ code }) => code),
    ['NO_SUBSCRIBERS'],
  );
});

serverTest('a retained frame waits for later subscribers', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using to = await sink(mosquitto.url, { to: { retain: true } });
  await to.end.send(frameForTest('t', 'kept'));
  await using listener = await peer(mosquitto.url, {}, 't');
  const got = await waitFor(() => listener.got[0], DEADLINE_MS, 'the retained frame');
  assert.equal(got.retain, true);
});

serverTest(
  'closing ends open sends, is quick even when the server is not, and leaves no socket and no timer',
  own,
  async () => {
    await using mosquitto = await startMosquitto();
    const before = process.getActiveResourcesInfo().length;
    const to = await sink(mosquitto.url);
    assert.equal(await to.end.send(frameForTest('t', '1')), 'confirmed');
    mosquitto.pause();
    const open = endings(sendAll(to.end, ['2', '3']));
    const startedMs = performance.now();
    await to.end.close();
    assert.ok(performance.now() - startedMs < patient(3500));
    assert.deepEqual(await open, ['SINK_DOWN', 'SINK_DOWN']);
    mosquitto.resume();
    assert.deepEqual(await endings([to.end.send(frameForTest('t', '4'))]), ['SINK_DOWN']);
    await waitFor(
      () => process.getActiveResourcesInfo().length <= before,
      DEADLINE_MS,
      'sockets and timers to be gone',
    );
  },
);

serverTest('a server that keeps no retained messages is a problem that names the option', own, async () => {
  await using mosquitto = await startMosquitto({ config: 'retain_available false' });
  await using plain = await sink(mosquitto.url);
  assert.equal(await plain.end.send(frameForTest('t', 'x')), 'confirmed');
  const events: BusEvent[] = [];
  const giveUp = new AbortController();
  const opened = openingSink(mosquitto.url, { to: { retain: true }, signal: giveUp.signal }, events);
  opened.catch(() => undefined);
  const { code, message } = await firstProblem(events);
  assert.deepEqual([code, /retain: false/.test(message)], ['BUS_SETTING', true]);
  giveUp.abort();
  await assert.rejects(opened, { code: 'BUS_SETTING' });
});
