import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import { ACCEPT } from '#contract/delivery.ts';
import type { Source } from '#contract/source.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { channelTo, holds, NEEDS, oneHome, openingSource, type Recorded, source, textOf } from './ends.ts';

const home = oneHome();
const needs = NEEDS;
/** From the moment at which the queue is there again. */
const NOTICED_MS = 10_000;
/** One way to the server. */
const WAY_MS = 100;
/** An idle consumer is replaced some six times. */
const REPLACED_MS = 25_000;

/** Reads and accepts for as long as the test runs; the texts so far. */
function reading(end: Source, stop: AbortSignal): readonly string[] {
  const texts: string[] = [];
  const go = async (): Promise<void> => {
    for (;;) {
      const read = await end.read({ messages: 256, bytes: 1e7 }, stop);
      if (read.length === 0) return;
      for (const delivery of read) {
        texts.push(textOf(delivery));
        delivery.settle(ACCEPT);
      }
    }
  };
  void go();
  return texts;
}

function publish(channel: Channel, queue: string, from: number, to: number): string[] {
  const texts = Array.from({ length: to - from }, (_, at) => `m${from + at}`);
  for (const text of texts) channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
  return texts;
}

const KINDS = [
  { kind: 'classic', from: {} },
  { kind: 'classic', from: { shared: true } },
  { kind: 'quorum', from: {} },
  { kind: 'quorum', from: { type: 'quorum' } },
  { kind: 'quorum', from: { shared: true } },
  { kind: 'stream', from: { type: 'stream' } },
] as const;

for (const { kind, from } of KINDS) {
  serverTest(
    `a ${kind} queue that is deleted and made again at once is read again within 10 s (${JSON.stringify(from)})`,
    { needs },
    async () => {
      const { url } = await home();
      const channel = await channelTo(url);
      const queue = `again-${kind}-${Object.keys(from).join('-')}`;
      const options = { durable: true, arguments: { 'x-queue-type': kind } };
      await channel.assertQueue(queue, options);
      const reader = await source(url, { queue, ...from });
      const stop = new AbortController();
      try {
        const texts = reading(reader.end, stop.signal);
        publish(channel, queue, 0, 20);
        await waitFor(() => texts.length === 20, NOTICED_MS, 'the first messages');
        await channel.deleteQueue(queue);
        await channel.assertQueue(queue, options);
        // Fewer than the prefetch, so that none of them shows as ready.
        const wanted = publish(channel, queue, 100, 130);
        await waitFor(() => texts.length >= 50, NOTICED_MS, 'the messages of the new queue');
        assert.deepEqual(texts.slice(20), wanted, 'in order, and each once');
      } finally {
        stop.abort();
      }
    },
  );
}

serverTest(
  'an idle consumer is replaced again and again, and no message is lost, doubled or swapped',
  { needs },
  async () => {
    const { url } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue('idle', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    const reader = await source(url, { queue: 'idle' });
    const stop = new AbortController();
    try {
      const texts = reading(reader.end, stop.signal);
      const wanted: string[] = [];
      const endMs = performance.now() + patient(25_000);
      // One at a time with pauses of about a look, so that replacements and messages meet.
      for (let count = 0; performance.now() < endMs; count += 1) {
        wanted.push(...publish(channel, 'idle', count, count + 1));
        await waitFor(() => texts.length === wanted.length, NOTICED_MS, 'the message');
        await new Promise((resolve) => setTimeout(resolve, (count % 3) * 4000 + Math.random() * 200));
      }
      assert.deepEqual(texts, wanted);
      await holds(channel, 'idle', 0);
      assert.deepEqual(
        reader.events.filter(({ kind }) => kind !== 'connected'),
        [],
        'the connection stays, and nothing is said',
      );
    } finally {
      stop.abort();
    }
  },
);

serverTest(
  'of two sources one reads and one waits, also while the consumer of the idle one is replaced',
  { needs },
  async () => {
    const { url, port: server, vhost } = await home();
    const channel = await channelTo(url);
    // Slow, so that a queue is without a consumer for long while one is replaced.
    await using link = await startLink(server);
    link.delayMs(WAY_MS);
    const pairs = Array.from({ length: 20 }, async (_, number) => {
      const queue = `pair-${number}`;
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      const from = { queue };
      const first = await source(`amqp://127.0.0.1:${link.port}/${vhost}`, from, { route: `first-${number}` });
      return [first, openingSource(url, from, { route: `second-${number}` })];
    });
    const sources = await Promise.all(pairs);
    await sleep(REPLACED_MS);
    const isUp = ({ events }: Pick<Recorded, 'events'>): boolean =>
      events.findLast(({ kind }) => kind === 'connected' || kind === 'disconnected')?.kind === 'connected';
    const oneEach = (): boolean => sources.every((pair) => pair.filter(isUp).length === 1);
    await waitFor(oneEach, NOTICED_MS, 'one reader of each queue');
  },
);
