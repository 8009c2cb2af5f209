import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KafkaCluster, startKafkaCluster } from '../../harness/kafka-cluster.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type JudgedRoute, judgedRoute } from './judged-route.ts';

// Three nodes, replication factor 3, min.insync.replicas 2: one of them may be away. A node that is dead or hangs is given up
// by the controller after `broker.session.timeout.ms` (here 3 s, 9 s unless set).

const NEEDS = ['kafka-process'] as const;
const FLOWS_MS = 35_000;
const IN_SYNC_MS = 40_000;
const PAUSED_MS = 15_000;
const PARTITIONS = 3;
const ROUND_MS = 20;

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

let starting: Promise<KafkaCluster> | undefined;
const cluster = (): Promise<KafkaCluster> => (starting ??= startKafkaCluster().then((three) => stack.use(three)));

/** What a route of the class says beyond its ends. Nothing expires within the test. */
const CLASSES = {
  event: {},
  command: { words: { class: 'command' }, from: { expires: '10m' } },
} as const;

const ROLES = {
  'the leader of the output': (three: KafkaCluster, { output }: JudgedRoute) => three.leaderOf(output, 0),
  "the group's coordinator": (three: KafkaCluster, { group }: JudgedRoute) => three.coordinatorOf(group),
  'the controller': async (three: KafkaCluster) => three.controller(),
} as const;

async function inSync(three: KafkaCluster, routes: readonly JudgedRoute[]): Promise<void> {
  const topics = routes.flatMap(({ input, output }) => [input, output]);
  await waitFor(() => three.inSync(topics), IN_SYNC_MS, 'all replicas to be in sync');
}

type Fault = (three: KafkaCluster, id: number, flows: () => Promise<void>) => Promise<void>;

const killed: Fault = async (three, id, flows) => {
  await three.node(id).kill();
  await flows();
  await three.node(id).restart();
};

const paused: Fault = async (three, id, flows) => {
  three.node(id).pause();
  const beganMs = performance.now();
  try {
    await flows();
    await sleep(Math.max(0, PAUSED_MS - (performance.now() - beganMs)));
  } finally {
    three.node(id).resume();
  }
};

/** Routes of both classes at work while `work` breaks the cluster; then everything must have arrived, in order. */
async function underLoad(
  t: TestContext,
  three: KafkaCluster,
  work: (routes: readonly JudgedRoute[], flows: (what: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const started = await Promise.all(
    Object.values(CLASSES).map((options) => judgedRoute(three, { partitions: PARTITIONS, ...options })),
  );
  await using routes = new AsyncDisposableStack();
  for (const route of started) routes.use(route);
  const stops = started.map((route) => route.keepWriting(ROUND_MS));
  const flows = async (what: string): Promise<void> => {
    const took = await Promise.all(started.map((route) => route.flowsAgain(FLOWS_MS, what)));
    t.diagnostic(`${what}: flows after ${took.map(Math.round).join(' and ')} ms`);
  };
  await flows('at the start');
  await work(started, flows);
  await flows('at the end');
  await Promise.all(stops.map((stop) => stop()));
  for (const [at, route] of started.entries()) {
    await route.arrived(patient(FLOWS_MS), 'everything');
    const numbers = ['sluice_send_rewinds_total', 'sluice_sink_already_stored_total', 'sluice_deadletter_stored'];
    const values = await Promise.all(numbers.map((name) => route.bridge.metric(name)));
    const flaps = route.bridge
      .lines()
      .filter(({ event }) => event === 'sink-stalled' || event === 'sink-recovered').length;
    t.diagnostic(
      `${Object.keys(CLASSES)[at]}: ${route.distinct} messages, ${numbers.map((name, n) => `${name} ${values[n]}`).join(', ')}, ${flaps} lines of going back and on`,
    );
    assert.equal(values[2], 0, 'nothing ends as a dead letter');
    await route.judge();
  }
}

for (const [how, fault] of Object.entries({ killed, paused })) {
  serverTest(
    `a route over three nodes flows again within ${FLOWS_MS / 1000} s whichever of them is ${how}, loses nothing and keeps the order of each key`,
    { needs: NEEDS, timeoutMs: 300_000 },
    async (t) => {
      const three = await cluster();
      await underLoad(t, three, async (routes, flows) => {
        for (const [role, find] of Object.entries(ROLES)) {
          const [route] = routes;
          assert.ok(route !== undefined);
          const id = await waitFor(() => find(three, route), FLOWS_MS, `${role} to be known`);
          await fault(three, id, () => flows(`${role}, node ${id}, ${how}`));
          await flows(`${role}, node ${id}, is back`);
          await inSync(three, routes);
        }
      });
    },
  );
}

serverTest(
  'a route over three nodes that are killed and started in turn loses nothing and keeps the order of each key',
  { needs: NEEDS, timeoutMs: 300_000 },
  async (t) => {
    const three = await cluster();
    await underLoad(t, three, async (routes, flows) => {
      for (const id of three.nodes.keys()) {
        await three.node(id).kill();
        await three.node(id).restart();
        await flows(`node ${id} killed and started`);
        await inSync(three, routes);
      }
    });
  },
);
