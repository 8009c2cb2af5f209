import type { Log } from '#contract/log.ts';
import type { Pulse } from '#contract/pulse.ts';
import type { Suspects } from '#contract/suspects.ts';
import { durationMs } from '#kit/quantity.ts';
import type { PipelineSpec, RouteSpec, StageSpec } from './config/pipeline-spec.ts';
import type { Place } from './pulse/orders.ts';
import { startPulse, type Watched } from './pulse/start-pulse.ts';
import type { PipelineState } from './state/pipeline-state.ts';

/** What stands between a function that ends or holds up the process, and everybody else. */
export interface Guard {
  /** Undefined of a route without functions: none of its stages is an integrator's. */
  suspects(route: string): Suspects | undefined;
  pulse(route: string): Pulse | undefined;
  /** `endsWell`: everything was stopped in order. */
  close(endsWell: boolean): Promise<void>;
}

/** Of calls that have no deadline of their own. */
const LIMIT_MS = 30_000;

/** Guards the routes that have functions. Throws STATE_UNUSABLE. */
export function startGuard(spec: PipelineSpec, state: PipelineState, log: Log): Guard {
  const routes = spec.routes.filter(({ stages }) => stages.some(isFunction));
  if (routes.length === 0) {
    return { suspects: () => undefined, pulse: () => undefined, close: () => Promise.resolve() };
  }
  const store = state.suspects();
  const places: Place[] = [];
  const firstPlaces = new Map<string, number>();
  for (const route of routes) {
    firstPlaces.set(route.name, places.length);
    places.push(...placesOf(route));
  }
  const onLost = ({ message }: Error): void => log.error('watch-lost', { text: message });
  // Whatever goes on behind an await belongs to a function too, and nobody knows to which.
  const limitMs = Math.max(...routes.flatMap(({ stages }) => stages.filter(isFunction)).map(limitOf));
  const watched: Watched = startPulse({ pipeline: spec.name, places, limitMs, strike: store.strike, onLost });
  return {
    suspects: (route) => (firstPlaces.has(route) ? store.of(route) : undefined),
    pulse(route) {
      const first = firstPlaces.get(route);
      return first === undefined ? undefined : watched.pulse(first);
    },
    async close(endsWell) {
      if (endsWell) store.endWell();
      await watched.close();
    },
  };
}

function placesOf({ name: route, stages }: RouteSpec): readonly Place[] {
  return stages.map((stage) => ({ route, stage: `${stage.verb} ${stage.name}`, limitMs: limitOf(stage) }));
}

function isFunction({ verb }: StageSpec): boolean {
  return verb === 'function';
}

function limitOf({ options: { timeout } }: StageSpec): number {
  return typeof timeout === 'string' ? durationMs(timeout) : LIMIT_MS;
}
