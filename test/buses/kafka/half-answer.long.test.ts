import { after, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from '../../harness/kafka.ts';
import { startKafka } from '../../harness/kafka.ts';
import type { KafkaApi } from '../../harness/kafka-link.ts';
import { serverTest } from '../../harness/server-test.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type AnswerRoute, answerRoute } from './answer-route.ts';
import { openSource } from './ends.ts';

const CUTS = [
  [4, 'end'],
  [6, 'reset'],
  [1000, 'end'],
] as const;
/** How long a route may need to go on after a connection broke. */
const GOES_ON_MS = 12_000;
const CUT_MS = 20_000;
/** One that is about to connect anew may ask nothing more when its connections are reset. */
const AGAIN_MS = 1000;

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

let starting: Promise<Kafka> | undefined;
const node = (): Promise<Kafka> => (starting ??= startKafka({ answerLinks: 2 }).then((kafka) => stack.use(kafka)));

type End = 'source' | 'sink';

/** What makes the bridge ask that. */
async function provoke(kafka: Kafka, route: AnswerRoute, end: End, api: KafkaApi): Promise<void> {
  const link = end === 'source' ? route.sourceLink : route.sinkLink;
  if (api === 'JoinGroup' || api === 'SyncGroup' || api === 'OffsetFetch') {
    // Another member comes and goes.
    const [broker = ''] = kafka.brokers;
    await (await openSource(broker, { topics: [route.input], group: route.group })).source.close();
  } else if (api === 'FindCoordinator') {
    // The group's server is looked for again after a question to it went wrong.
    await link.cutAnswer('Heartbeat', 4, 'reset');
  } else if (api === 'Metadata') link.reset();
}

async function cutEach(t: TestContext, end: End, apis: readonly KafkaApi[]): Promise<void> {
  const kafka = await node();
  await using route = await answerRoute(kafka, kafka.answerLinks);
  const link = end === 'source' ? route.sourceLink : route.sinkLink;
  await route.write();
  await route.arrived(GOES_ON_MS, 'the first messages');
  const stop = route.keepWriting(20);
  const beganMs = performance.now();
  try {
    for (const api of apis) {
      for (const [bytes, how] of CUTS) {
        const what = `after ${bytes} bytes of an answer to ${api}, by ${how}`;
        let isDone = false;
        void link.cutAnswer(api, bytes, how).then(() => (isDone = true));
        await waitFor(
          async () => {
            await provoke(kafka, route, end, api);
            await sleep(isDone ? 0 : AGAIN_MS);
            return isDone;
          },
          CUT_MS,
          `a cut ${what}`,
        );
        await route.arrived(GOES_ON_MS, what);
        t.diagnostic(`${Math.round(performance.now() - beganMs)} ms: ${what}`);
      }
    }
  } finally {
    await stop();
  }
  await route.judge();
}

const SOURCE: readonly KafkaApi[] = [
  'Fetch',
  'Heartbeat',
  'OffsetCommit',
  'OffsetFetch',
  'JoinGroup',
  'SyncGroup',
  'FindCoordinator',
  'Metadata',
];

serverTest(
  'a source whose connection breaks in the middle of an answer, of whatever kind, goes on, loses nothing and keeps the order',
  { needs: ['kafka-process'] },
  (t) => cutEach(t, 'source', SOURCE),
);

serverTest(
  'a sink whose connection breaks in the middle of an answer, of whatever kind, goes on, loses nothing and keeps the order',
  { needs: ['kafka-process'] },
  (t) => cutEach(t, 'sink', ['Produce', 'Metadata']),
);
