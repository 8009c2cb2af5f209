import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { freePorts } from './free-ports.ts';
import { natsClient } from './nats-client.ts';
import { patient } from './patience.ts';
import { healthy } from '../../runtime/infra/probe.ts';
import { pathOf } from './provide.ts';
import { waitFor } from './wait-for.ts';

/** Whose leader: that of a stream, of one consumer of it, or the one that places both. */
export type Led = { readonly stream: string; readonly consumer?: string } | 'meta';

/** Three nats-servers that are one JetStream. */
export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly Broker[];
  /** Of all nodes. */
  readonly urls: readonly string[];
  /** Resolves with the node that leads, once there is one. */
  leaderOf(led: Led): Promise<Broker>;
  /** Asks the leader to hand over; it keeps running. Not for `meta`, which takes a system account. */
  stepDown(led: Exclude<Led, 'meta'>): Promise<void>;
  /** Over a connection of the test's own to whatever node is there. */
  manage<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T>;
  log(): string;
}

const NODES = 3;
const LEADER_MS = 30_000;
const ANSWER_MS = 5000;
/** A leader answers at once. */
const ASK_MS = 1000;

interface Node {
  readonly broker: Broker;
  readonly name: string;
  readonly monitor: number;
}

export async function startNatsCluster(): Promise<NatsCluster> {
  const binary = await pathOf('nats-server');
  const routePorts = await freePorts(NODES);
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`);
  const starting = routePorts.map(async (routePort, at): Promise<Node> => {
    const name = `node-${at}`;
    let monitor = 0;
    const recipe: Recipe = {
      name: 'nats',
      scheme: 'nats',
      portCount: 2,
      prepare(folder, [port, monitorPort = 0]) {
        monitor = monitorPort;
        const file = join(folder, 'nats.conf');
        const lines = [
          `server_name: ${name}`,
          `listen: "127.0.0.1:${port}"`,
          `http: "127.0.0.1:${monitorPort}"`,
          `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`,
          `cluster { name: c1, listen: "127.0.0.1:${routePort}", routes: ${JSON.stringify(routes)} }`,
        ];
        writeFileSync(file, `${lines.join('\n')}\n`);
        return { binary, args: ['-c', file] };
      },
      // Its place in the cluster included.
      probe: ([, monitorPort]) => healthy(`http://127.0.0.1:${monitorPort}/healthz`),
    };
    return {
      broker: await startBroker(recipe),
      name,
      get monitor() {
        return monitor;
      },
    };
  });
  await using stack = new AsyncDisposableStack();
  const nodes = await Promise.all(starting);
  for (const { broker } of nodes) stack.use(broker);
  const urls = nodes.map(({ broker }) => broker.url);
  const manage = async <T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
    const connection = await natsClient(urls[0] ?? '', { servers: [...urls], maxReconnectAttempts: 3 });
    try {
      return await work(await jetstreamManager(connection, { timeout: patient(ANSWER_MS), checkAPI: false }));
    } finally {
      await connection.close();
    }
  };
  const leaderName = async (led: Led): Promise<string | undefined> => {
    if (led === 'meta') return metaLeader(nodes);
    const { stream, consumer } = led;
    return manage(async ({ streams, consumers }) => {
      if (consumer === undefined) return (await streams.info(stream)).cluster?.leader;
      return (await consumers.info(stream, consumer)).cluster?.leader;
    });
  };
  const owned = stack.move();
  return {
    nodes: nodes.map(({ broker }) => broker),
    urls,
    manage,
    leaderOf: (led) =>
      waitFor(
        async () => {
          const name = await leaderName(led).catch(() => undefined);
          return nodes.find((node) => node.name === name)?.broker;
        },
        LEADER_MS,
        `a leader of ${JSON.stringify(led)}`,
      ),
    async stepDown({ stream, consumer }) {
      const connection = await natsClient(urls[0] ?? '', { servers: [...urls] });
      const subject =
        consumer === undefined
          ? `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`
          : `$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`;
      const asked = async (): Promise<true> => {
        await connection.request(subject, '', { timeout: ASK_MS });
        return true;
      };
      try {
        // While there is no leader nobody answers.
        await waitFor(asked, LEADER_MS, `an answer to ${subject}`);
      } finally {
        await connection.close();
      }
    },
    log: () => nodes.map(({ broker }) => broker.log()).join('\n'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As one of those that answer says. */
async function metaLeader(nodes: readonly Node[]): Promise<string | undefined> {
  for (const { monitor } of nodes) {
    const answer = await fetch(`http://127.0.0.1:${monitor}/jsz`, { signal: AbortSignal.timeout(1000) }).catch(
      () => undefined,
    );
    const text = await answer?.text();
    const leader = /"meta_cluster":\s*\{[^}]*"leader":\s*"([^"]+)"/.exec(text ?? '')?.[1];
    if (leader !== undefined) return leader;
  }
  return undefined;
}
