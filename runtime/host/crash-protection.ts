import type { Log } from '#contract/log.ts';
import { type EventLoopWatchdog, STEPS } from '#contract/event-loop-watchdog.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import { durationMs } from '#kit/quantity.ts';
import type { PipelineSpec, RouteSpec, StageSpec } from '../project/pipeline-spec.ts';
import type { Place } from './event-loop-watchdog/settings.ts';
import { readsBodies } from './wire.ts';
import { startEventLoopWatchdog, type Watched } from './event-loop-watchdog/start.ts';
import type { PipelineState } from '../store/pipeline-state.ts';

/** What stands between a message that ends or holds up the process, and all others. */
export interface CrashProtection {
  /** Undefined of a route where nothing looks at a body. */
  suspects(route: string): CrashSuspects | undefined;
  eventLoopWatchdog(route: string): EventLoopWatchdog | undefined;
  /** `endsWell`: everything was stopped in order. */
  close(endsWell: boolean): Promise<void>;
}

/** Of the runtime's own steps: decoding, validating, templates, encoding. None of them waits for anything. */
const STEP_LIMIT_MS = 10_000;
/** Where the event loop stands still outside of every step that can be named, and no function says how long it may take. */
const ELSEWHERE_LIMIT_MS = 30_000;

/** Guards the routes where anything looks at a body. Throws STATE_UNUSABLE. */
export function startCrashProtection(spec: PipelineSpec, state: PipelineState, log: Log): CrashProtection {
  const routes = spec.routes.filter(readsBodies);
  if (routes.length === 0) {
    return { suspects: () => undefined, eventLoopWatchdog: () => undefined, close: () => Promise.resolve() };
  }
  const store = state.suspects();
  const places: Place[] = [];
  const firstStages = new Map<string, number>();
  for (const route of routes) {
    const steps = stepsOf(route);
    firstStages.set(route.name, places.length + steps.length);
    places.push(...steps, ...placesOf(route));
  }
  const onLost = ({ message }: Error): void => log.error('watch-lost', { text: message });
  // Whatever goes on behind an await belongs to a function too, and nobody knows to which.
  const functions = routes.flatMap(({ stages }) => stages.filter(runsCode));
  const limitMs = functions.length === 0 ? ELSEWHERE_LIMIT_MS : Math.max(...functions.map(limitOf));
  const watched: Watched = startEventLoopWatchdog({
    pipeline: spec.name,
    places,
    limitMs,
    crashNote: store.crashNote,
    onLost,
  });
  return {
    suspects: (route) => (firstStages.has(route) ? store.of(route) : undefined),
    eventLoopWatchdog(route) {
      const first = firstStages.get(route);
      return first === undefined ? undefined : watched.eventLoopWatchdog(first);
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

/** In the order of their positions. */
function stepsOf({ name: route }: RouteSpec): readonly Place[] {
  return Object.entries(STEPS)
    .toSorted(([, one], [, other]) => one - other)
    .map(([stage]) => ({ route, stage, limitMs: STEP_LIMIT_MS }));
}

function runsCode({ kind }: StageSpec): boolean {
  return kind.runsCode === true;
}

function limitOf({ options: { timeout } }: StageSpec): number {
  return typeof timeout === 'string' ? durationMs(timeout) : STEP_LIMIT_MS;
}
