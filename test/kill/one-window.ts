import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ReachableBus } from '../brokers/all.ts';
import { jetstreamEndpoint } from '../brokers/jetstream.ts';
import { type Endpoint } from '../brokers/test-bus.ts';
import { natsClient } from '../harness/nats-client.ts';
import { ownName, sharedNats } from '../harness/shared.ts';
import { type KilledUnderLoad, killUnderLoad, numberIn, type Traffic, trafficAt } from './killed-under-load.ts';
import { seedOfRun } from './random.ts';

const BACKLOG = 40_000;
export const KILLS = 4;

type Far = Pick<KilledUnderLoad, 'far' | 'traffic'>;

export interface OneWindowOptions {
  readonly window: number;
  readonly from: ReachableBus;
  readonly to: ReachableBus;
  /** Where the source is, if not on the run's server. */
  readonly near?: Endpoint;
  readonly whileDown?: KilledUnderLoad['whileDown'];
}

/** The law: however a bridge is killed under load, no more than one window for each kill comes again. Answers how many came. */
export async function repeatsOneWindowAtMost(t: TestContext, options: OneWindowOptions): Promise<number> {
  const { window, from, to, whileDown } = options;
  const [seed, tag] = [seedOfRun(), ownName('window')];
  const near = options.near ?? (await from.endpoints.share());
  await near.prepare('source', [tag]);
  const { far, traffic } = await farOf(to, tag);
  await using _ = traffic;
  const { repeated, at } = await killUnderLoad({
    name: tag,
    near: { connection: near.direct, end: near.entrance(tag).bridge },
    fill: (messages) => near.publish(tag, messages),
    far,
    traffic,
    window,
    backlog: BACKLOG,
    kills: KILLS,
    seed,
    ...(whileDown !== undefined && { whileDown }),
  });
  const found = `${repeated} repeated after kills at ${at.join(', ')}; window ${window}, SLUICE_SEED=${seed}`;
  t.diagnostic(found);
  assert.ok(repeated <= at.length * window, found);
  return repeated;
}

async function farOf(to: ReachableBus, tag: string): Promise<Far> {
  if (to.name === 'jetstream') return besideStream(tag);
  const far = await to.endpoints.share();
  await far.prepare('sink', [tag]);
  return { far: { connection: far.direct, end: far.exit(tag).bridge }, traffic: await trafficAt(far, tag) };
}

/** A stream removes repetitions by their id: a subscription beside it sees all that is published. */
async function besideStream(tag: string): Promise<Far> {
  const { url } = await sharedNats();
  const far = jetstreamEndpoint(url);
  await far.prepare('sink', [tag]);
  const connection = await natsClient(url);
  const numbers: number[] = [];
  connection.subscribe(`out.${tag}.*`, { callback: (_error, { data }) => void numbers.push(numberIn(data)) });
  await connection.flush();
  const traffic: Traffic = { numbers, [Symbol.asyncDispose]: () => connection.close() };
  return { far: { connection: far.direct, end: far.exit(tag).bridge }, traffic };
}
