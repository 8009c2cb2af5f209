import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamEndpoint } from '../brokers/jetstream.ts';
import type { OwnEndpoint } from '../brokers/test-bus.ts';
import type { Broker } from '../harness/broker.ts';
import { serverTest } from '../harness/server-test.ts';
import { NO_HEADERS } from '#contract/frame.ts';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';
import type { Report } from '../../runtime/verify/verdicts.ts';
import { startLink } from '../harness/link.ts';
import { type Led, type NatsCluster, startNatsCluster } from '../harness/nats-cluster.ts';
import { patient } from '../harness/patience.ts';
import { startScenario } from './scenario.ts';

/** What is broken of each leader in turn, and mended again. */
type Harm = (cluster: NatsCluster, led: Led) => Promise<void>;

const AWAY_MS = 6000;
/** Between two, so that the cluster is whole again. */
const REST_MS = 3000;

/** The checker reads from the cluster too: what was stored in time it may hear of late. */
const SLACK_MS = patient(AWAY_MS + 15_000);

const HARMS: Readonly<Record<string, Harm>> = {
  async killed(cluster, led) {
    const leader = await cluster.leaderOf(led);
    await leader.kill();
    await sleep(AWAY_MS);
    await leader.restart();
  },
  async paused(cluster, led) {
    const leader = await cluster.leaderOf(led);
    leader.pause();
    await sleep(AWAY_MS);
    leader.resume();
  },
  async 'told to step down'(cluster, led) {
    if (led !== 'meta') await cluster.stepDown(led);
  },
};

/** One cluster at both ends: streams of three replicas, and the bridge has the URLs of all nodes. */
function clusterEndpoint(cluster: NatsCluster, links: OwnEndpoint['links']): OwnEndpoint {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error('a cluster without nodes');
  const endpoint = jetstreamEndpoint(cluster.urls, 3);
  return {
    ...endpoint,
    server: Object.assign(Object.create(first) as Broker, { log: () => cluster.log() }),
    links,
    through: () => endpoint.direct,
    isStamped: false,
    restart: 'kill',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Which of these messages the stream does not hold. */
async function lacking(cluster: NatsCluster, stream: string, names: readonly string[]): Promise<readonly string[]> {
  const left = new Set(names);
  await cluster.manage(async ({ streams }) => {
    const { first_seq: first, last_seq: last } = (await streams.info(stream)).state;
    for (let seq = first; seq <= last && left.size > 0; seq += 1) {
      const body = (await streams.getMessage(stream, { seq }))?.data ?? null;
      const reading = readMark({ headers: NO_HEADERS, body }, 'body');
      if (reading.kind === 'whole') left.delete(nameOf(reading.mark));
    }
  });
  return [...left];
}

/**
 * Whether all that is missing at the far end is missing in the stream that was published to as well: the servers have lost
 * what they had confirmed, before the bridge could read it.
 */
async function isLostByServers(cluster: NatsCluster, inward: string, { verdicts }: Report): Promise<boolean> {
  const { lost, ...others } = verdicts;
  if (lost.count > lost.examples.length || Object.values(others).some(({ count }) => count > 0)) return false;
  return (await lacking(cluster, inward, lost.examples)).length === lost.count;
}

for (const [how, harm] of Object.entries(HARMS)) {
  serverTest(
    `a bridge on a cluster of three nats-servers loses nothing and keeps the order while each leader is ${how}`,
    { needs: ['nats-process'] },
    async (t) => {
      await using cluster = await startNatsCluster();
      await using unused = await startLink(cluster.nodes[0]?.port ?? 0);
      const endpoint = clusterEndpoint(cluster, { source: unused, sink: unused });
      const classes = ['command', 'event'] as const;
      const end = { bus: 'jetstream', endpoint };
      await using scenario = await startScenario({ source: end, sink: end, classes });
      const bridge = scenario.start();
      await bridge.ready();
      const sending = new AbortController();
      const checks = await scenario.check({ lastsMs: Infinity, slackMs: SLACK_MS, signal: sending.signal });
      const names = await cluster.manage(({ streams }) => streams.names().next());
      const streamOf = (side: 'IN' | 'OUT', name: string): string =>
        names.find((one) => one.startsWith(`${side}-`) && one.includes(name)) ?? '';
      const [inward, outward] = [streamOf('IN', 'event'), streamOf('OUT', 'event')];
      const consumers = await cluster.manage(({ consumers: api }) => api.list(inward).next());
      const leds: readonly Led[] = [
        { stream: outward },
        { stream: inward },
        { stream: inward, consumer: consumers[0]?.name ?? '' },
        'meta',
      ];
      for (const led of leds) {
        await harm(cluster, led);
        await sleep(patient(REST_MS));
      }
      sending.abort();
      for (const [name, check] of checks) {
        const report = await check.report;
        t.diagnostic(`${name}: ${report.sent} sent, ${report.distinct} arrived, silence ${report.longestSilenceMs} ms`);
        assert.ok(report.sent > 0);
        const source = streamOf('IN', name);
        const isLostThere = !report.ok && (await isLostByServers(cluster, source, report));
        if (isLostThere)
          t.diagnostic(`${name}: confirmed, and not in ${source}: ${report.verdicts.lost.examples.join(', ')}`);
        assert.ok(report.ok || isLostThere, `${JSON.stringify(report, undefined, 1)}\n${bridge.tail()}`);
      }
      assert.equal(await bridge.terminate(30_000), 'exit code 0', bridge.tail());
    },
  );
}
