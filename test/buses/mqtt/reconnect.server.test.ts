import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT } from '#contract/delivery.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { startMosquitto } from '../../harness/mosquitto.ts';
import { patient } from '../../harness/patience.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, drain, numbers, opening, reported, source, take, untilReported } from './ends.ts';
import { peer } from './peer.ts';
import { startTap } from './tap.ts';

const shared = { needs: ['mosquitto'] } as const;
const own = { needs: ['mosquitto-process'] } as const;

serverTest(
  'what the engine holds over a cut is not delivered twice, and is acknowledged on the new connection',
  shared,
  async () => {
    await using mosquitto = await startMosquitto();
    await using tap = await startTap(mosquitto.port, 5);
    const first = await source(tap.url);
    await using sender = await peer(mosquitto.url);
    await sender.publish('t', numbers(6));
    const held = await take(first.end, 3);
    await waitFor(() => tap.of('down', 'publish').length === 6, DEADLINE_MS, 'six messages');
    tap.cut();
    await untilReported(first.events, 'disconnected');
    // Settled between the connections: owed.
    held[0]?.settle(ACCEPT);
    await untilReported(first.events, 'connected', 2);
    assert.deepEqual((await take(first.end, 3)).map(bodyOf), ['3', '4', '5']);
    assert.equal((await first.end.read({ messages: 9, bytes: 1e6 }, AbortSignal.timeout(100))).length, 0);
    held[2]?.settle(ACCEPT);
    held[1]?.settle(ACCEPT);
    await waitFor(() => tap.of('up', 'puback').length === 3, DEADLINE_MS, 'three acknowledgements');
    assert.ok(tap.of('up', 'puback').every(({ connection }) => connection === 2));
    await first.end.close();
    await using second = await source(mosquitto.url);
    assert.deepEqual((await drain(second.end, 3, 100)).map(bodyOf), ['3', '4', '5']);
  },
);

serverTest('an acknowledgement of a connection that is gone is dropped', own, async () => {
  await using mosquitto = await startMosquitto({ persistence: 'none' });
  await using first = await source(mosquitto.url);
  {
    await using sender = await peer(mosquitto.url);
    await sender.publish('t', ['old 1', 'old 2']);
  }
  const old = await take(first.end, 2);
  await mosquitto.kill();
  await mosquitto.restart();
  await untilReported(first.events, 'connected', 2);
  const lost = await untilReported(first.events, 'loss');
  assert.deepEqual([lost.code, lost.messages], ['SESSION_LOST', undefined]);
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', ['new 1', 'new 2']);
  // The same packet ids as before. Settling the old must not acknowledge the new.
  const fresh = await take(first.end, 2);
  for (const delivery of old) delivery.settle(ACCEPT);
  assert.deepEqual(fresh.map(bodyOf), ['new 1', 'new 2']);
  await first.end.close();
  await using second = await source(mosquitto.url);
  assert.deepEqual((await drain(second.end, 2, 100)).map(bodyOf), ['new 1', 'new 2']);
});

serverTest(
  'a session that the server lost while the bridge was stopped is a loss, said at the start',
  own,
  async () => {
    await using mosquitto = await startMosquitto({ persistence: 'none' });
    const route = ownName('stopped');
    {
      await using first = await source(mosquitto.url, { route });
      assert.deepEqual(reported(first.events, 'loss'), [], 'the first start of all had none');
    }
    {
      await using again = await source(mosquitto.url, { route });
      assert.deepEqual(reported(again.events, 'loss'), [], 'the session is there');
    }
    await mosquitto.kill();
    await mosquitto.restart();
    await using last = await source(mosquitto.url, { route });
    assert.deepEqual(
      reported(last.events, 'loss').map(({ code, messages }) => [code, messages]),
      [['SESSION_LOST', undefined]],
    );
  },
);

serverTest(
  'cuts at any moment lose nothing and reorder no first delivery of a topic',
  { ...shared, timeoutMs: 60_000 },
  async (t) => {
    await using mosquitto = await startMosquitto();
    await using link = await startLink(mosquitto.port);
    await using from = await source(`mqtt://127.0.0.1:${link.port}`, { window: { messages: 64 } });
    const topics = 8;
    const each = 300;
    await using sender = await peer(mosquitto.url);
    const sending = (async () => {
      // Bursts of one topic: many topics in turn would hide swaps.
      for (let at = 0; at < each; at += 25) {
        for (let topic = 0; topic < topics; topic += 1) {
          await sender.publish(`t/${topic}`, numbers(25, at));
        }
      }
    })();
    const seen = Array.from({ length: topics }, () => new Set<string>());
    const firsts = Array.from({ length: topics }, (): string[] => []);
    let cuts = 0;
    let count = 0;
    const deadline = AbortSignal.timeout(patient(40_000));
    while (seen.some(({ size }) => size < each)) {
      const read = await from.end.read({ messages: 64, bytes: 1e6 }, deadline);
      assert.ok(read.length > 0, `stuck at ${seen.map(({ size }) => size).join(' ')}`);
      for (const delivery of read) {
        const topic = Number(delivery.frame.address.slice(2));
        const body = bodyOf(delivery);
        if (seen[topic]?.has(body) !== true) firsts[topic]?.push(body);
        seen[topic]?.add(body);
        // Late and out of order, also while the connection is away.
        setTimeout(() => delivery.settle(ACCEPT), Math.random() * 20);
      }
      count += read.length;
      if (count > 150 * (cuts + 1) && cuts < 12) {
        cuts += 1;
        await link.cut();
        await link.mend();
      }
    }
    await sending;
    assert.ok(reported(from.events, 'disconnected').length >= 5);
    for (const order of firsts) assert.deepEqual(order, numbers(each));
    t.diagnostic(`${count - topics * each} doubles after ${cuts} cuts`);
  },
);

serverTest('a source that is stalled for three times its keep-alive stays connected', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using from = await source(mosquitto.url, { connection: { keepAlive: '1s' }, window: { messages: 3 } });
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', numbers(50));
  const held = await take(from.end, 3);
  await sleep(3200);
  assert.deepEqual(reported(from.events, 'disconnected'), []);
  for (const delivery of held) delivery.settle(ACCEPT);
  assert.deepEqual((await drain(from.end, 47, 100)).map(bodyOf), numbers(47, 3));
  assert.deepEqual(reported(from.events, 'disconnected'), []);
});

serverTest('a server that dies while the window is full is found again', own, async () => {
  await using mosquitto = await startMosquitto();
  await using from = await source(mosquitto.url, { connection: { keepAlive: '1s' }, window: { messages: 3 } });
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', numbers(50));
  const held = await take(from.end, 3);
  await mosquitto.stop();
  await mosquitto.restart();
  await untilReported(from.events, 'connected', 2);
  for (const delivery of held) delivery.settle(ACCEPT);
  assert.deepEqual((await drain(from.end, 47, 100)).map(bodyOf), numbers(47, 3));
});

serverTest('a link that goes dead without a word is found out by the keep-alive', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using link = await startLink(mosquitto.port);
  await using from = await source(`mqtt://127.0.0.1:${link.port}`, { connection: { keepAlive: '1s' } });
  link.blackhole();
  await untilReported(from.events, 'disconnected', 1, 5000);
  await link.cut();
  await link.mend();
  await untilReported(from.events, 'connected', 2);
  await using sender = await peer(mosquitto.url);
  await sender.publish('t', ['after']);
  assert.deepEqual((await take(from.end, 1)).map(bodyOf), ['after']);
});

for (const maxInflight of [1000, 0]) {
  serverTest(
    `a session with 100,000 messages waiting starts and drains (server window ${maxInflight})`,
    { ...own, timeoutMs: 120_000 },
    async () => {
      const count = 100_000;
      await using mosquitto = await startMosquitto({ maxInflight });
      await (await opening(mosquitto.url)).close();
      await using sender = await peer(mosquitto.url);
      for (let at = 0; at < count; at += 1000) {
        await sender.publish('t', numbers(1000, at));
      }
      const messages = 100;
      await using from = await source(mosquitto.url, { window: { messages } });
      let next = 0;
      let rounds = 0;
      while (next < count) {
        const taken = await take(from.end, Math.min(messages, count - next));
        // Slow to settle at first, so that the window is full before anything else is heard.
        if (rounds < 10) await sleep(50);
        rounds += 1;
        for (const delivery of taken) {
          assert.equal(bodyOf(delivery), String(next));
          next += 1;
          delivery.settle(ACCEPT);
        }
      }
      assert.deepEqual(reported(from.events, 'problem'), []);
      assert.deepEqual(reported(from.events, 'disconnected'), []);
    },
  );
}
