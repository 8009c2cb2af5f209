import type { Log } from '#contract/log.ts';
import type { RunningPipeline } from '../host/pipeline.ts';
import type { Scene } from './scene-text.ts';
import type { Tally } from './dead-letter-tally.ts';
import type { CoreEndpoint } from './endpoint.ts';
import type { EmbeddedBroker } from './embedded-broker.ts';
import { startEmbeddedBroker } from './embedded-broker.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { openMqttEndpoint } from './mqtt-endpoint.ts';
import { openNatsEndpoint } from './nats-endpoint.ts';
import type { Evidence } from './verdict.ts';

const VEHICLES = 50;
/** One order every so many milliseconds. */
const ORDER_MS = 500;
/** How long the end waits for messages that are still on their way. */
const SETTLE_MS = 5000;

/** The two sides of the demo's bridge, and where they are. */
export interface DemoBuses {
  /** Without folder and ending. */
  readonly pipeline: 'fleet-labels' | 'fleet-nats';
  /** The variables that the pipeline file refers to. */
  readonly environment: Readonly<Record<string, string>>;
  readonly core: string;
  readonly field: string;
  close(): Promise<void>;
}

/** Embedded brokers on free ports; with `natsUrl` that server's JetStream is the core. */
export async function startBuses(natsUrl: string | undefined): Promise<DemoBuses> {
  const field = await startEmbeddedBroker();
  const core: EmbeddedBroker | undefined = natsUrl === undefined ? await startEmbeddedBroker() : undefined;
  const close = async (): Promise<void> => {
    await Promise.all([field.close(), core?.close() ?? Promise.resolve()]);
  };
  if (core === undefined) {
    const url = natsUrl ?? '';
    return {
      pipeline: 'fleet-nats',
      environment: { FIELD_URL: field.url, NATS_URL: url },
      core: url,
      field: field.url,
      close,
    };
  }
  return {
    pipeline: 'fleet-labels',
    environment: { FIELD_URL: field.url, CORE_URL: core.url },
    core: core.url,
    field: field.url,
    close,
  };
}

/** Everything outside the bridge, in motion. */
export interface Traffic {
  scene(tallies: readonly Tally[]): Scene;
  /** Ends the traffic, waits until the bridge has dealt with it, stops the bridge and returns the counts of each end. */
  settle(tallies: () => readonly Tally[]): Promise<Evidence>;
}

/** Starts vehicles and core around a bridge that is ready. */
export async function startTraffic(buses: DemoBuses, bridge: RunningPipeline, log: Log): Promise<Traffic> {
  const core = await (buses.pipeline === 'fleet-labels' ? openMqttEndpoint(buses.core) : openNatsEndpoint(buses.core));
  const fleet = await startFleet(buses.field, VEHICLES);
  const orders = new Set<Promise<void>>();
  let number = 0;
  const timer = setInterval(() => {
    const unit = fleet.names[(number += 7) % VEHICLES] ?? '';
    const ordering = core.order(unit).finally(() => orders.delete(ordering));
    orders.add(ordering);
  }, ORDER_MS);
  log.info('traffic', { vehicles: VEHICLES });
  return {
    scene: (tallies) => ({
      title: `${VEHICLES} vehicles at ${buses.field} -> pipelines/${buses.pipeline}.yaml -> ${buses.core}   (Ctrl-C drains and sums up)`,
      routes: bridge.numbers(),
      tallies,
      latest: core.latest(),
    }),
    async settle(tallies) {
      clearInterval(timer);
      await Promise.all([fleet.park(), ...orders]);
      await until(() => hasSettled(bridge, fleet, core), SETTLE_MS);
      await bridge.stop();
      await until(
        () => core.tracks() >= delivered(bridge, 'positions') && fleet.ordered() >= delivered(bridge, 'orders'),
        SETTLE_MS,
      );
      const evidence = {
        reported: fleet.reported(),
        tracks: core.tracks(),
        forbidden: core.forbidden(),
        ordersGiven: core.ordersGiven(),
        ordersReceived: fleet.ordered(),
        routes: bridge.numbers(),
        tallies: tallies(),
      };
      await Promise.all([fleet.close(), core.close()]);
      return evidence;
    },
  };
}

function hasSettled(bridge: RunningPipeline, fleet: Fleet, core: CoreEndpoint): boolean {
  const taken = (name: string): number => bridge.numbers().find(({ route }) => route === name)?.accepted ?? 0;
  const isIdle = bridge.numbers().every(({ held }) => held === 0);
  return isIdle && taken('positions') >= fleet.reported() && taken('orders') >= core.ordersGiven();
}

function delivered(bridge: RunningPipeline, name: string): number {
  return bridge.numbers().find(({ route }) => route === name)?.delivered ?? 0;
}

async function until(isTrue: () => boolean, deadlineMs: number): Promise<void> {
  const endsAt = Date.now() + deadlineMs;
  while (!isTrue() && Date.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
