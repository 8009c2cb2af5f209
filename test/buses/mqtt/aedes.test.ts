import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { serverTest } from '../../harness/server-test.ts';
import { Aedes, type AedesOptions } from 'aedes';
import { ACCEPT } from '#contract/delivery.ts';
import type { BusEvent } from '#contract/bus.ts';
import { freePorts } from '../../harness/free-ports.ts';
import { bodyOf, firstProblem, frameForTest, numbers, opening, reported, sink, source, take } from './ends.ts';

const OLD = { connection: { protocol: '3.1.1' } } as const;

/** The embedded broker of the demo: MQTT 3.1.1, everything in memory, redelivery under new packet ids. */
async function startAedes(options: AedesOptions = {}): Promise<{ url: string } & AsyncDisposable> {
  const aedes = await Aedes.createBroker(options);
  const server = createServer({ noDelay: true }, (socket) => void aedes.handle(socket));
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `mqtt://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

serverTest('what is sent through the embedded broker arrives, in order', { needs: [] }, async () => {
  await using aedes = await startAedes();
  await using from = await source(aedes.url, OLD);
  await using to = await sink(aedes.url, OLD);
  const sends = numbers(500).map((body) => to.end.send(frameForTest(`t/${Number(body) % 3}`, body)));
  assert.deepEqual(new Set(await Promise.all(sends)), new Set(['confirmed']));
  const taken = await take(from.end, 256);
  for (const delivery of taken) delivery.settle(ACCEPT);
  assert.deepEqual([...taken, ...(await take(from.end, 244))].map(bodyOf), numbers(500));
});

serverTest('what was not settled comes again after a restart, what was does not', { needs: [] }, async () => {
  await using aedes = await startAedes();
  const first = await source(aedes.url, OLD);
  await using to = await sink(aedes.url, OLD);
  await Promise.all(numbers(5).map((body) => to.end.send(frameForTest('t', body))));
  const taken = await take(first.end, 5);
  for (const delivery of taken.slice(0, 2)) delivery.settle(ACCEPT);
  await first.end.close();
  await using second = await source(aedes.url, OLD);
  const again = await take(second.end, 3);
  for (const delivery of again) delivery.settle(ACCEPT);
  assert.deepEqual(again.map(bodyOf), ['2', '3', '4']);
  assert.equal((await second.end.read({ messages: 9, bytes: 1e6 }, AbortSignal.timeout(100))).length, 0);
});

serverTest(
  'a refused subscription is a problem that names the filter, until it is granted',
  { needs: [] },
  async () => {
    let isAllowed = false;
    await using aedes = await startAedes({
      authorizeSubscribe: (_client, subscription, done) => done(null, isAllowed ? subscription : null),
    });
    const events: BusEvent[] = [];
    const opened = opening(aedes.url, { ...OLD, from: { topics: ['secret/#'] } }, events);
    const { code, message } = await firstProblem(events);
    assert.equal(code, 'BUS_AUTH');
    assert.match(message, /topics: secret\/#/);
    isAllowed = true;
    await (await opened).close();
    assert.equal(reported(events, 'connected').length, 1);
  },
);
