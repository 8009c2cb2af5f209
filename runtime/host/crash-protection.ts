import type { Log } from '#contract/log.ts';
import { type EventLoopWatchdog, STEPS } from '#contract/event-loop-watchdog.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import { durationMs } from '#kit/quantity.ts';
import type { PipelineSpec, RouteSpec, StageSpec } from '../project/pipeline-spec.ts';
import type { WatchedStep } from '../engine/event-loop-watchdog/settings.ts';
import { readsBodies } from './body-reads.ts';
import type { RunningWatchdog, startEventLoopWatchdog } from '../engine/event-loop-watchdog/start.ts';
import type { PipelineState } from '../store/pipeline-state.ts';

/** Protects all other messages from one that crashes or blocks the process. */
export interface CrashProtection {
  /** Undefined for a route where no step reads a body. */
  suspects(route: string): CrashSuspects | undefined;
  eventLoopWatchdog(route: string): EventLoopWatchdog | undefined;
  /** `isClean`: the pipeline has stopped in order. */
  close(isClean: boolean): Promise<void>;
}

/** For the runtime's own steps: decoding, validating, templates, encoding. All of them are synchronous. */
const STEP_LIMIT_MS = 10_000;
/** Outside of every step, in a pipeline without functions. */
const OTHER_LIMIT_MS = 30_000;

export type StartWatchdog = typeof startEventLoopWatchdog;

/** Protects the routes where any step reads a body. Without `startWatchdog` no blocked process is ended. Throws STATE_UNUSABLE. */
export function startCrashProtection(
  spec: PipelineSpec,
  state: PipelineState,
  log: Log,
  startWatchdog: StartWatchdog | undefined,
): CrashProtection {
  const routes = spec.routes.filter(readsBodies);
  if (routes.length === 0) {
    return { suspects: () => undefined, eventLoopWatchdog: () => undefined, close: () => Promise.resolve() };
  }
  const store = state.suspects();
  const places: WatchedStep[] = [];
  const firstStages = new Map<string, number>();
  for (const route of routes) {
    const steps = stepsOf(route);
    firstStages.set(route.name, places.length + steps.length);
    places.push(...steps, ...placesOf(route));
  }
  const onLost = ({ message }: Error): void => log.error('event-loop-watchdog-lost', { text: message });
  // Code after an await belongs to a function too, and the function is unknown.
  const functions = routes.flatMap(({ stages }) => stages.filter(runsCode));
  const limitMs = functions.length === 0 ? OTHER_LIMIT_MS : Math.max(...functions.map(limitOf));
  const watched: RunningWatchdog | undefined = startWatchdog?.({
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
      return first === undefined ? undefined : watched?.eventLoopWatchdog(first);
    },
    async close(isClean) {
      if (isClean) store.endCleanly();
      await watched?.close();
    },
  };
}

function placesOf({ name: route, stages }: RouteSpec): readonly WatchedStep[] {
  return stages.map((stage) => ({ route, stage: `${stage.verb} ${stage.name}`, limitMs: limitOf(stage) }));
}

/** In the order of their positions. */
function stepsOf({ name: route }: RouteSpec): readonly WatchedStep[] {
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
