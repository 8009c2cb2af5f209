import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { serverTest } from '../../harness/server-test.ts';
import { rabbitMqReady } from '../../../runtime/infra/rabbitmq-probe.ts';
import { startRabbitMq } from '../../harness/rabbitmq.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodies, channelTo, firstDeliveries, holds, openingSource, QUORUM } from './ends.ts';

// Without the wait of a source some queues have newer messages first: beside other work in each run of six rounds, on a quiet
// machine in one run of five.
const ROUNDS = 6;
const QUEUES = 4;
const HELD = 100;
const ALL = 400;
const AGAIN_MS = 20;
/** The server's own start. */
const START_MS = 60_000;
/** Some of the rest are there when the server is killed, others are published while it starts. */
const BEFORE_MS = 100;

/** Publishes the rest to all queues, one after the other as the server confirms them, over its outage. */
async function publishRest(url: string, queues: readonly string[]): Promise<void> {
  const rest = bodies(ALL - HELD, HELD);
  while (rest.length > 0) {
    try {
      const connection = await connect(url);
      connection.on('error', () => {});
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => {});
      for (let [text] = rest; text !== undefined; [text] = rest) {
        for (const queue of queues) channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
        await channel.waitForConfirms();
        rest.shift();
      }
      await connection.close();
    } catch {
      await sleep(AGAIN_MS);
    }
  }
}

/** When the bridge starts: before the server is killed, or when it can be reached again for the first time. */
const BRIDGES = {
  waiting: 'a bridge that waits for it reads on',
  first: 'a bridge that starts with it reads',
} as const;

for (const [bridge, name] of Object.entries(BRIDGES)) {
  serverTest(
    `what the consumer of a dead bridge held comes before newer messages, when the server is killed and starts again, and ${name}`,
    { needs: ['rabbitmq-process'], timeoutMs: 300_000 },
    async () => {
      await using node = await startRabbitMq();
      for (let round = 0; round < ROUNDS; round += 1) {
        const queues = Array.from({ length: QUEUES }, (_, at) => `round-${round}-${at}`);
        const channel = await channelTo(node.url);
        for (const queue of queues) {
          await channel.assertQueue(queue, QUORUM);
          for (const text of bodies(HELD)) channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
          await holds(channel, queue, HELD);
        }
        // What the server has applied by now it applies before it answers; what follows, the consumer too, afterwards.
        await node.saveNow();
        await channel.prefetch(HELD);
        for (const queue of queues) await channel.consume(queue, () => {});
        for (const queue of queues) await holds(channel, queue, 0);
        const start = (): ReturnType<typeof openingSource>[] =>
          queues.map((queue) => openingSource(node.url, { queue }));
        const waiting = bridge === 'waiting' ? start() : undefined;
        await Promise.all((waiting ?? []).map(({ reported }) => reported('BUS_SETTING')));
        const publishing = publishRest(node.url, queues);
        await sleep(BEFORE_MS);
        await node.kill();
        const restarted = node.restart();
        if (waiting === undefined)
          await waitFor(() => rabbitMqReady(node.port), START_MS, 'the server to take a connection');
        const sources = waiting ?? start();
        await restarted;
        const read = await Promise.all(sources.map(async ({ opened }) => firstDeliveries(await opened, ALL)));
        await publishing;
        for (const order of read) assert.deepEqual(order, bodies(ALL), `round ${round}`);
        for (const { opened } of sources) await (await opened).close();
      }
    },
  );
}
