import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, startKafka } from '../../harness/kafka.ts';
import type { KafkaApi, KafkaLink } from '../../harness/kafka-link.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type AnswerRoute, answerRoute } from './answer-route.ts';
import { frameForTest, openSink, openSource } from './ends.ts';

// A server that accepts and says nothing, or answers some questions and others never: what a half dead one does, or a
// firewall between. Everything is answered again after `SILENT_MS`, at a moment when the bridge waits for what never comes.

/** Until readiness is red, and until the route moves after the server answers again. */
const BOUND_MS = 35_000;
/** So many tests run at once. */
const AT_ONCE = 7;
/** 8 MiB in one answer, at a speed at which it takes 40 s. */
const PARTITIONS = 8;
const MESSAGES = 16;
const BYTES_PER_SECOND = 200_000;

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

interface Silence {
  readonly end: 'source' | 'sink';
  /** Nothing passes, or no answer to these. */
  readonly apis: 'all' | readonly KafkaApi[];
  /** What makes the bridge ask that. */
  readonly provoke?: (kafka: Kafka, route: AnswerRoute, link: KafkaLink) => Promise<void> | void;
  /** A line of readiness that must be red. */
  readonly red: RegExp;
  /** Whether what is written meanwhile stays where it is. */
  readonly isStuck: boolean;
}

const reset = (_kafka: Kafka, _route: AnswerRoute, link: KafkaLink): void => link.reset();

/** Another member comes and goes: the group divides its partitions anew. */
async function divideAnew(kafka: Kafka, { input, group }: AnswerRoute): Promise<void> {
  const [broker = ''] = kafka.brokers;
  const opening = openSource(broker, { topics: [input], group });
  await sleep(2000);
  void opening.then(({ source }) => source.close());
}

const SOURCE = /^\[-\]r source/m;
const SINK = /^\[-\]r (sink|confirmations|progress)/m;

const SILENCES: Readonly<Record<string, Silence>> = {
  'says nothing at all to the source': { end: 'source', apis: 'all', red: SOURCE, isStuck: true },
  'says nothing at all to the source, which has to connect anew': {
    end: 'source',
    apis: 'all',
    provoke: reset,
    red: SOURCE,
    isStuck: true,
  },
  'never answers Fetch': { end: 'source', apis: ['Fetch'], red: SOURCE, isStuck: true },
  'never answers Heartbeat': { end: 'source', apis: ['Heartbeat'], red: SOURCE, isStuck: false },
  'never answers OffsetCommit': { end: 'source', apis: ['OffsetCommit'], red: SOURCE, isStuck: false },
  'never answers FindCoordinator': {
    end: 'source',
    apis: ['FindCoordinator'],
    provoke: (_kafka, _route, link) => link.cutAnswer('Heartbeat', 4, 'reset'),
    red: SOURCE,
    isStuck: false,
  },
  'never answers JoinGroup': { end: 'source', apis: ['JoinGroup'], provoke: divideAnew, red: SOURCE, isStuck: true },
  'never answers SyncGroup': { end: 'source', apis: ['SyncGroup'], provoke: divideAnew, red: SOURCE, isStuck: true },
  'never answers OffsetFetch': {
    end: 'source',
    apis: ['OffsetFetch'],
    provoke: divideAnew,
    red: SOURCE,
    isStuck: true,
  },
  'says nothing at all to the sink': { end: 'sink', apis: 'all', red: SINK, isStuck: true },
  'says nothing at all to the sink, which has to connect anew': {
    end: 'sink',
    apis: 'all',
    provoke: reset,
    red: SINK,
    isStuck: true,
  },
  'never answers Produce': { end: 'sink', apis: ['Produce'], red: SINK, isStuck: false },
  'never answers Metadata to the sink': {
    end: 'sink',
    apis: ['Metadata'],
    // An answer is lost with the connection: then it asks where the partitions are. After a reset between two messages it need not.
    provoke: (_kafka, _route, link) => void link.cutAnswer('Produce', 4, 'reset'),
    red: SINK,
    // Until the first answer is overdue it writes on to the partitions that it knows.
    isStuck: false,
  },
};

async function judge(kafka: Kafka, links: readonly KafkaLink[], silence: Silence): Promise<string> {
  const { end, apis, provoke, red, isStuck } = silence;
  await using route = await answerRoute(kafka, links);
  const link = end === 'source' ? route.sourceLink : route.sinkLink;
  await route.write();
  await route.arrived(BOUND_MS, 'the first messages');
  if (apis === 'all') link.swallowAll();
  else link.swallow(apis);
  const beganMs = performance.now();
  await provoke?.(kafka, route, link);
  const stop = route.keepWriting(200);
  await waitFor(
    async () => {
      const { status, text } = await route.bridge.ask('/readyz');
      return status === 503 && red.test(text);
    },
    BOUND_MS,
    `readiness to be red: ${String(red)}`,
  ).catch((cause: unknown) => {
    throw new Error(route.bridge.tail(), { cause });
  });
  const redMs = performance.now() - beganMs;
  await waitFor(() => link.swallowed > 0, BOUND_MS, 'an answer to be swallowed');
  // The worst moment: right after it asked again.
  const swallowed = link.swallowed;
  await waitFor(() => link.swallowed > swallowed, BOUND_MS, 'the bridge to ask again');
  await stop();
  const before = route.distinct;
  link.pass();
  await route.write();
  const movedMs = await route.arrived(BOUND_MS, 'the route to move again');
  if (isStuck) assert.ok(before < route.distinct - 8, 'it was not stuck: it proves nothing');
  await waitFor(async () => (await route.bridge.ask('/readyz')).status === 200, BOUND_MS, 'readiness to be green');
  const metrics = (await route.bridge.ask('/metrics')).text;
  const renewed = Number(
    new RegExp(`^sluice_disconnects_total{[^}]*sluice_end="${end}",sluice_cause="renewed"} (\\d+)$`, 'm').exec(
      metrics,
    )?.[1],
  );
  const said = route.bridge.lines().filter((line) => line.event === 'connection-renewed');
  assert.ok(renewed > 0 && said.length >= renewed, `${renewed} connections renewed\n${route.bridge.tail()}`);
  if (apis !== 'all')
    assert.ok(
      said.some(({ text }) => String(text).includes(`not answered ${apis[0]}`)),
      route.bridge.tail(),
    );
  await route.judge();
  return `red after ${Math.round(redMs)} ms, moved after ${Math.round(movedMs)} ms, ${renewed} renewed`;
}

let starting: Promise<Kafka> | undefined;
const node = (): Promise<Kafka> =>
  (starting ??= startKafka({ proxied: 1, answerLinks: 2 * AT_ONCE, config: { 'num.network.threads': '1' } }).then(
    (kafka) => {
      pairs.push(...Array.from({ length: AT_ONCE }, (_, at) => kafka.answerLinks.slice(2 * at, 2 * at + 2)));
      return stack.use(kafka);
    },
  ));
/** Of links that no test uses now. */
const pairs: (readonly KafkaLink[])[] = [];

// At once: most of it is waiting.
void describe('a Kafka that', { concurrency: AT_ONCE }, () => {
  for (const [name, silence] of Object.entries(SILENCES)) {
    serverTest(
      `${name} holds the route up, is said within ${BOUND_MS / 1000} s, and when it answers again the route moves within ${BOUND_MS / 1000} s`,
      { needs: ['kafka-process'], timeoutMs: 150_000 },
      async (t) => {
        const kafka = await node();
        const links = pairs.pop() ?? [];
        const numbers = await judge(kafka, links, silence).finally(() => pairs.push(links));
        t.diagnostic(numbers);
      },
    );
  }

  serverTest(
    'answers so slowly that one answer takes 40 s is read all the same, as long as bytes come',
    { needs: ['kafka-process'] },
    async () => {
      const kafka = await node();
      const [link] = kafka.links;
      assert.ok(link !== undefined);
      const topic = ownName('slow');
      await kafka.createTopic(topic, { partitions: PARTITIONS });
      const [broker = ''] = kafka.brokers;
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        await using sink = await openSink(broker, { topic, partition });
        await sink.deliver(Array.from({ length: MESSAGES }, () => frameForTest(topic, 'x'.repeat(65_536))));
      }
      await using source = await openSource(`127.0.0.1:${link.port}`, { topics: [topic], sessionTimeout: '30s' });
      link.limit(BYTES_PER_SECOND);
      // What the source asked before the path was slow has come; what it holds is bounded, so the rest is asked now.
      const taken = [];
      const signal = AbortSignal.timeout(patient(120_000));
      while (taken.length < PARTITIONS * MESSAGES) {
        const batch = await source.source.read({ messages: 1000, bytes: 1e9 }, signal);
        assert.ok(batch.length > 0, `${taken.length} messages came`);
        taken.push(...batch);
      }
      assert.deepEqual(
        source.events.map(({ kind }) => kind),
        ['connected'],
      );
    },
  );
});
