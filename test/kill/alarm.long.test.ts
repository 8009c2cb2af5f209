import assert from 'node:assert/strict';
import { connect } from 'amqplib';
import { serverTest } from '../harness/server-test.ts';
import { startNats } from '../harness/nats.ts';
import { patient } from '../harness/patience.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { standStill } from '../harness/stand-still.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import { startBridge } from '../harness/bridge.ts';
import { judge, type Mark } from './judge.ts';
import { trackProject, STAGES } from './track-project.ts';
import { publishNats } from './publish.ts';
import { testStream } from '../harness/test-stream.ts';

const WINDOW = 256;
/** A source asks for more only where a quarter of the window is free. */
const LEAST_HELD = (WINDOW * 3) / 4;
const STILL_MS = 1000;
const DRAIN_MS = 2000;
/** Beyond `--drain`, for closing what is open. */
const CLOSE_MS = patient(1500);
const DEADLINE_MS = 30_000;
const QUEUE = 'tracks';

serverTest(
  'a bridge that is told to stop while RabbitMQ holds its alarm ends in time and says how many it gives back; the rest follows in order, and no more than those come again',
  { needs: ['nats-process', 'rabbitmq-process'] },
  async () => {
    await using servers = new AsyncDisposableStack();
    const [nats, rabbit] = await Promise.all([startNats(), startRabbitMq()]);
    servers.use(nats);
    servers.use(rabbit);
    using project = trackProject();
    await using reports = await testStream(nats.url, 'REPORTS', ['fleet.*.position']);
    const connection = await connect(rabbit.url);
    servers.defer(() => connection.close());
    const channel = await connection.createChannel();
    await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    const file = project.pipeline('fleet', {
      buses: { field: { bus: 'jetstream', url: nats.url }, core: { bus: 'rabbitmq', url: rabbit.url } },
      routes: [
        {
          name: 'positions',
          from: { bus: 'field', stream: 'REPORTS', key: '{subject.1}', window: { messages: WINDOW } },
          stages: STAGES,
          to: { bus: 'core', queue: QUEUE, type: 'quorum' },
        },
      ],
    });
    const sent = [...backlog(8, 4000)];
    const first = startBridge(project.folder, file, ['--drain', `${DRAIN_MS}ms`]);
    await first.ready();
    await publishNats(reports, sent.slice(0, 2000));
    await waitFor(
      async () => (await first.metric('messaging_client_sent_messages_total')) > 500,
      DEADLINE_MS,
      'a flow',
    );
    await rabbit.block();
    await publishNats(reports, sent.slice(2000));
    const heldNow = (): Promise<number> => first.metric('sluice_pipeline_held');
    await waitFor(async () => (await heldNow()) >= LEAST_HELD, DEADLINE_MS, 'a window that is full for its source');
    const held = await standStill(heldNow, STILL_MS);
    const beganAtMs = performance.now();
    assert.equal(await first.terminate(DRAIN_MS + CLOSE_MS), 'exit code 0', first.tail());
    const tookMs = performance.now() - beganAtMs;
    assert.ok(tookMs < DRAIN_MS + CLOSE_MS, `it ended after ${tookMs} ms`);
    const farewell = first.lines().find(({ event }) => event === 'stopped');
    assert.deepEqual([farewell?.['held'], farewell?.['released']], [held, held]);

    const second = startBridge(project.folder, file);
    await second.ready();
    await rabbit.unblock();
    const arrived: Mark[] = [];
    const names = new Set<string>();
    await channel.consume(QUEUE, (message) => {
      if (message === null) return;
      const { id, sequence } = JSON.parse(message.content.toString()) as { id: string; sequence: number };
      arrived.push({ key: id, number: sequence });
      names.add(`${id} ${sequence}`);
      channel.ack(message);
    });
    await waitFor(() => names.size === sent.length, DEADLINE_MS, 'all that was sent');
    assert.equal(await second.terminate(DEADLINE_MS), 'exit code 0', second.tail());
    const { lost, inverted, unknown, duplicated, examples } = judge(sent, arrived);
    assert.deepEqual([lost, inverted, unknown], [0, 0, 0], examples.join('\n'));
    assert.ok(duplicated <= WINDOW, `${duplicated} came again`);
  },
);
