import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink } from '#contract/sink.ts';
import { systemClock } from '../../../runtime/engine/clock.ts';
import { PipelinedSender } from '../../../runtime/engine/send/pipelined-sender.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { startNatsCluster } from '../../harness/nats-cluster.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { connectionTo, frameForTest, jetstream, recordedContext } from './ends.ts';

const STEP_DOWNS = 20;
const BETWEEN_MS = 200;
/** One way: longer than a leader needs to hand over. */
const WAY_MS = 20;
const KEYS = 8;
const IN_FLIGHT = 256;
const DEADLINE_MS = 30_000;

const opened = (url: string, subject: string, context = recordedContext({ direction: 'sink' })): Promise<Sink> =>
  jetstream.openSink({ connection: connectionTo(url), end: { stream: 'S', subject, timeout: '5s' } }, context);

serverTest(
  'a stream of three replicas whose leader steps down again and again has each subject in order, over a slow way',
  { needs: ['nats-process'] },
  async () => {
    await using cluster = await startNatsCluster();
    await cluster.manage(({ streams }) =>
      streams.add({ name: 'S', subjects: ['s.*'], num_replicas: 3, allow_direct: true }),
    );
    await using link = await startLink(cluster.nodes[0]?.port ?? 0);
    link.delayMs(WAY_MS);
    await using stack = new AsyncDisposableStack();
    const sink = await opened(`nats://127.0.0.1:${link.port}`, 's.{key}');
    stack.defer(() => sink.close());
    let [pushed, done, rewinds] = [0, 0, 0];
    const sender = new PipelinedSender(sink, {
      clock: systemClock,
      drainPerSecond: undefined,
      pause: { firstMs: 50, capMs: 500 },
      attempts: 1,
      onRewind: () => (rewinds += 1),
      onFlow: () => {},
    });
    const push = (): void => {
      const [key, number] = [pushed % KEYS, Math.floor(pushed / KEYS)];
      pushed += 1;
      sender.push({
        frame: frameForTest(`s.${key}`, String(number), { id: `m-${key}-${number}` }),
        sends: 0,
        faults: 0,
        state: 'waiting',
        sending: () => undefined,
        confirmed: () => void (done += 1),
        refused: (failure) => assert.fail(failure),
      });
    };
    const feeding = setInterval(() => {
      for (let room = IN_FLIGHT - (pushed - done); room > 0; room -= 1) push();
    }, 1);
    try {
      for (let step = 0; step < STEP_DOWNS; step += 1) {
        await sleep(BETWEEN_MS);
        await cluster.stepDown({ stream: 'S' });
      }
    } finally {
      clearInterval(feeding);
    }
    await waitFor(() => done === pushed, DEADLINE_MS, 'all confirmations');
    await stack.disposeAsync();
    const context = recordedContext({ direction: 'sink' });
    await (await opened(cluster.urls[0] ?? '', 's.one', context)).close();
    assert.match(await context.reported('ONE_OF_A_SUBJECT'), /stream S has 3 replicas/);
    assert.ok(rewinds > 0, 'no leader refused anything: it proves nothing');
    for (let key = 0; key < KEYS; key += 1) {
      const stored = await cluster.manage(async ({ direct }) => {
        const numbers: number[] = [];
        for await (const message of await direct.getBatch('S', { next_by_subj: `s.${key}`, batch: pushed, seq: 1 })) {
          numbers.push(Number(message.string()));
        }
        return numbers;
      });
      assert.deepEqual(stored, [...stored.keys()], `subject s.${key}`);
    }
  },
);
