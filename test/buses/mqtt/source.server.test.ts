import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, RELEASE } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { labelOf } from '#contract/label.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startMosquitto } from '../../harness/mosquitto.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, drain, frameForTest, numbers, sink, source, take } from './ends.ts';
import { peer } from './peer.ts';
import { startTap } from './tap.ts';

const shared = { needs: ['mosquitto'] } as const;
const own = { needs: ['mosquitto-process'] } as const;

serverTest(
  'a frame carries topic, body, headers, content type, id and expiry of what was published',
  shared,
  async () => {
    await using mosquitto = await startMosquitto();
    const clientId = ownName('sluice');
    await using from = await source(mosquitto.url, { connection: { clientId } });
    await using sender = await peer(mosquitto.url);
    const before = Date.now();
    await sender.publish('t/7/position', ['hello'], {
      qos: 1,
      properties: {
        contentType: 'application/json',
        messageExpiryInterval: 60,
        userProperties: { seclabel: 'S', many: ['b', 'a', 'b'], msgid: 'm-1' },
      },
    });
    const [delivery] = await take(from.end, 1);
    assert.ok(delivery);
    const read = delivery.frame;
    assert.deepEqual([read.address, bodyOf(delivery), read.key], ['t/7/position', 'hello', undefined]);
    assert.deepEqual([read.contentType, read.id, read.timestampMs], ['application/json', 'm-1', undefined]);
    assert.deepEqual(read.headers.get('many'), ['b', 'a', 'b']);
    assert.deepEqual(read.headers.get('seclabel'), ['S']);
    assert.equal(read.headers.has('msgid'), false);
    const leftMs = (read.expiresAtMs ?? 0) - before;
    assert.ok(leftMs > 55_000 && leftMs < 70_000, String(leftMs));
    assert.match(delivery.id, new RegExp(`^${clientId}-test_r-source:m:m-1~[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$`));
    assert.equal(delivery.attempt, 1);
  },
);

serverTest(
  'an empty value arrives in its place before, between and after others of its name, and among labels',
  shared,
  async () => {
    await using mosquitto = await startMosquitto();
    await using from = await source(mosquitto.url);
    await using sender = await peer(mosquitto.url);
    await using to = await sink(mosquitto.url);
    const many = ['', 'b', '', '', 'a', ''];
    const properties = { userProperties: { seclabel: ['', 'secret'], 'x-many': many, 'x-one': '' } };
    await sender.publish('t/client', ['1'], { qos: 1, properties });
    await to.end.send(
      frameForTest('t/sink', '2', { headers: new Map(Object.entries({ 'x-many': many, seclabel: ['', 'S'] })) }),
    );
    const taken = (await take(from.end, 2)).map((delivery) => delivery.frame);
    for (const { headers } of taken) assert.deepEqual(headers.get('x-many'), many);
    assert.deepEqual(taken[0]?.headers.get('x-one'), ['']);
    assert.deepEqual(
      taken.map(({ headers }) => headers.get('seclabel')),
      [
        ['', 'secret'],
        ['', 'S'],
      ],
    );
    for (const read of taken) assert.throws(() => labelOf(read), { code: 'LABEL_DUPLICATE' });
  },
);

serverTest('MQTT 3.1.1 brings topic and body, and redelivers all the same', shared, async () => {
  await using mosquitto = await startMosquitto();
  const wanted = { connection: { protocol: '3.1.1' } } as const;
  const first = await source(mosquitto.url, wanted);
  await using sender = await peer(mosquitto.url);
  await sender.publish('t/a', ['1', '2', '3']);
  const taken = await take(first.end, 3);
  taken[0]?.settle(ACCEPT);
  await first.end.close();
  await using second = await source(mosquitto.url, wanted);
  const again = await take(second.end, 2);
  assert.deepEqual(again.map(bodyOf), ['2', '3']);
  assert.deepEqual(
    again.map(({ id }) => id),
    taken.slice(1).map(({ id }) => id),
  );
  assert.deepEqual(
    again.map(({ attempt }) => attempt),
    [2, 2],
  );
  assert.equal(again[0]?.frame.headers.size, 0);
});

serverTest('acknowledgements wait for settlement and leave in the order of receipt', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using tap = await startTap(mosquitto.port, 5);
  await using from = await source(tap.url);
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', numbers(5));
  const taken = await take(from.end, 5);
  for (const at of [4, 2, 1]) taken[at]?.settle(ACCEPT);
  // A packet that leaves after them would show what left before: the server answers in order.
  await sender.publish('t', ['5']);
  await take(from.end, 1);
  assert.deepEqual(tap.of('up', 'puback'), []);
  taken[0]?.settle(ACCEPT);
  const sent = tap.of('down', 'publish').map(({ messageId }) => messageId);
  await waitFor(() => tap.of('up', 'puback').length === 3, DEADLINE_MS, 'three acknowledgements');
  taken[3]?.settle(ACCEPT);
  await waitFor(() => tap.of('up', 'puback').length === 5, DEADLINE_MS, 'five acknowledgements');
  assert.deepEqual(
    tap.of('up', 'puback').map(({ messageId }) => messageId),
    sent.slice(0, 5),
  );
});

serverTest('what was accepted or rejected does not come again; what was given back or left does', shared, async () => {
  await using mosquitto = await startMosquitto();
  const first = await source(mosquitto.url);
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', numbers(4));
  const taken = await take(first.end, 4);
  taken[0]?.settle(ACCEPT);
  taken[1]?.settle({ kind: 'reject', cause: new SluiceError('DECODE_FAILED', 'no') });
  taken[2]?.settle(RELEASE);
  await first.end.close();
  await using second = await source(mosquitto.url);
  const again = await take(second.end, 2);
  assert.deepEqual(again.map(bodyOf), ['2', '3']);
  assert.deepEqual(
    again.map(({ id }) => id),
    taken.slice(2).map(({ id }) => id),
  );
});

serverTest('equal messages under different packet ids are different deliveries', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using from = await source(mosquitto.url);
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', ['same', 'same', 'same']);
  const taken = await take(from.end, 3);
  assert.equal(new Set(taken.map(({ id }) => id)).size, 3);
});

serverTest('never more is unsettled than the window says, though the server overruns its own', own, async () => {
  await using mosquitto = await startMosquitto({ maxInflight: 1000 });
  const messages = 10;
  await using from = await source(mosquitto.url, { window: { messages } });
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', numbers(300));
  const open = await take(from.end, messages);
  let seen = open.length;
  for (let round = 0; round < 60; round += 1) {
    const none = AbortSignal.timeout(5);
    assert.equal((await from.end.read({ messages: 256, bytes: 1_000_000 }, none)).length, 0, `round ${round}`);
    // Not the head first, so that acknowledgements come in bursts.
    for (const delivery of open.splice(0, 4).toReversed()) delivery.settle(ACCEPT);
    open.push(...(await take(from.end, Math.min(4, 300 - seen))));
    seen = Math.min(300, seen + 4);
    assert.ok(open.length <= messages);
  }
  assert.equal(seen, 250);
});

serverTest('nor more bytes, but one message larger than the window still comes, alone', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using from = await source(mosquitto.url, { window: { bytes: 10_000 } });
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', ['x'.repeat(6000), 'y'.repeat(6000), 'z'.repeat(50_000), 'w'.repeat(10)]);
  for (const size of [6000, 6000, 50_000]) {
    const [only] = await take(from.end, 1);
    assert.equal(only?.frame.body?.length, size);
    assert.equal((await from.end.read({ messages: 9, bytes: 1e9 }, AbortSignal.timeout(100))).length, 0);
    only.settle(ACCEPT);
  }
  assert.deepEqual((await take(from.end, 1)).map(bodyOf), ['w'.repeat(10)]);
});

serverTest('QoS 0 arrives in order, bounded by the window, and never twice', shared, async () => {
  await using mosquitto = await startMosquitto();
  const first = await source(mosquitto.url, { from: { qos: 0 }, window: { messages: 5 } });
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', numbers(20));
  const taken = await take(first.end, 5);
  assert.equal((await first.end.read({ messages: 99, bytes: 1e9 }, AbortSignal.timeout(50))).length, 0);
  for (const delivery of taken) delivery.settle(ACCEPT);
  assert.deepEqual([...taken, ...(await take(first.end, 5))].map(bodyOf), numbers(10));
  assert.equal(new Set(taken.map(({ id }) => id)).size, 5);
  await first.end.close();
  await using second = await source(mosquitto.url, { from: { qos: 0 } });
  assert.equal((await drain(second.end, 0, 200)).length, 0);
});

serverTest('two members of a shared subscription get each message once between them', shared, async () => {
  await using mosquitto = await startMosquitto();
  const group = { from: { shared: 'g' } };
  await using one = await source(mosquitto.url, { ...group, route: 'a' });
  await using two = await source(mosquitto.url, { ...group, route: 'b' });
  await using sender = await peer(mosquitto.url);
  await sender.publish('t/x', numbers(100));
  const got: string[] = [];
  const stop = new AbortController();
  const reading = [one, two].map(async ({ end }) => {
    for (;;) {
      const read = await end.read({ messages: 256, bytes: 1_000_000 }, stop.signal);
      if (read.length === 0) return;
      for (const delivery of read) delivery.settle(ACCEPT);
      got.push(...read.map(bodyOf));
    }
  });
  await waitFor(() => got.length >= 100, DEADLINE_MS, 'every message');
  // A second time nothing may come.
  await sleep(200);
  stop.abort();
  await Promise.all(reading);
  assert.deepEqual(
    got.toSorted((a, b) => Number(a) - Number(b)),
    numbers(100),
  );
});

serverTest('retained messages come at the first subscription, not at each start', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using sender = await peer(mosquitto.url);
  await sender.publish('t/kept', ['old'], { qos: 1, retain: true });
  const first = await source(mosquitto.url);
  assert.deepEqual((await drain(first.end, 1, 100)).map(bodyOf), ['old']);
  await first.end.close();
  await using second = await source(mosquitto.url);
  assert.equal((await drain(second.end, 0, 300)).length, 0);
});

serverTest('a session of 0s keeps nothing', shared, async () => {
  await using mosquitto = await startMosquitto();
  const clean = { from: { session: '0s' } };
  const first = await source(mosquitto.url, clean);
  await first.end.close();
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', ['missed']);
  await using second = await source(mosquitto.url, clean);
  await sender.publish('t', ['seen']);
  assert.deepEqual((await take(second.end, 1)).map(bodyOf), ['seen']);
});
