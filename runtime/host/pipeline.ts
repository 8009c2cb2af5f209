import { resolve } from 'node:path';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Log, LogFields } from '#contract/log.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { Stage } from '#contract/stage.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { type Clock, systemClock } from '../engine/clock.ts';
import type { AdminChoice } from './admin-port.ts';
import { type CrashProtection, startCrashProtection, type StartWatchdog } from './crash-protection.ts';
import { pipelineOutlineOf } from './pipeline-outline-of.ts';
import { isMetered, type Metering, startMetering } from './metering.ts';
import { RouteRunner, type RouteRunnerSettings } from './route-runner.ts';
import { startEventLoopWatchdog } from '../engine/event-loop-watchdog/start.ts';
import { writeAdminUrl } from '../store/admin-url.ts';
import { openPipelineState } from '../store/pipeline-state.ts';
import { MACHINE_PACE, type StatePace } from '../store/state-pace.ts';
import type { Admin } from '../admin/server.ts';
import { ErrorMemory } from '../admin/status/error-memory.ts';
import { Health } from '../telemetry/health.ts';
import { exportsOtlp, outagesIn } from '../telemetry/otlp-signal.ts';
import type { RouteNumbers } from '../telemetry/route-numbers.ts';
import type { Tracing } from '../telemetry/tracing/start.ts';
import { tracedRoute } from './traced-route.ts';
import type { ProjectParts } from './wire.ts';

/** The settings of a run that are not in the pipeline file. */
export interface RunSettings {
  readonly catalog: Catalog;
  readonly parts: ProjectParts;
  readonly log: Log;
  /** Folder of the durable state. */
  readonly stateFolder: string;
  readonly admin: AdminChoice | undefined;
  /** A problem with a bus while starting ends the run, instead of being tried again. */
  readonly failFast: boolean;
  /** How long a stop waits for messages in flight. */
  readonly drainMs: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Runs only these routes, and only their dead letters in replay. */
  readonly replayOnly?: ReadonlySet<string>;
  /** Expired messages are only counted, also in a class that makes them dead letters. */
  readonly countsExpired?: boolean;
}

/** What a rehearsal has of its own where a run has that of the machine. */
export interface Surroundings {
  readonly clock: Clock;
  readonly pace: StatePace;
  /** Undefined: no thread ends a process that is blocked. */
  readonly startWatchdog: StartWatchdog | undefined;
  /** The stores of a route, as the rehearsal lets it have them. */
  readonly stores: (stores: RouteStores) => RouteStores;
}

type RouteStores = Pick<RouteRunnerSettings, 'deadLetters' | 'processedIds'>;

const MACHINE: Surroundings = {
  clock: systemClock,
  pace: MACHINE_PACE,
  startWatchdog: startEventLoopWatchdog,
  stores: (stores) => stores,
};

/** A running pipeline. */
export interface RunningPipeline {
  /** Resolves once every route is connected. Rejects, as `lost` does, when that is impossible. */
  readonly ready: Promise<void>;
  /** Never resolves; rejects when the pipeline cannot go on. `stop` is still to be called. */
  readonly lost: Promise<never>;
  /** The URL of the operator's page, probes and metrics; undefined if none is served. */
  readonly adminUrl: string | undefined;
  numbers(): readonly RouteNumbers[];
  /** The id of the newest trace of which spans were made, 32 hex digits; undefined where none were. */
  newestTrace(): string | undefined;
  /**
   * Puts the stages of another version of the same file in the place of those that run: a message that is in the old ones ends in them.
   * Only for versions that differ in nothing else. Returns the old ones: the caller closes them once no message is in them.
   */
  replaceStages(spec: PipelineSpec, parts: ProjectParts): readonly Stage[];
  /** Invariant 7: reads no more, finishes messages in flight within the deadline, settles, closes. Once. */
  stop(): Promise<void>;
  /** Lets everything go at once and drains nothing, as the end of a process does. Once, instead of `stop`. */
  abandon(): Promise<void>;
}

/** Starts a checked pipeline. Rejects with STATE_LOCKED, STATE_UNUSABLE, ADMIN_UNUSABLE or ADMIN_TOKEN before anything was connected. */
export async function startPipeline(
  spec: PipelineSpec,
  settings: RunSettings,
  { clock, pace, startWatchdog, stores }: Surroundings = MACHINE,
): Promise<RunningPipeline> {
  const { catalog, parts, replayOnly } = settings;
  const errors = settings.admin === undefined ? undefined : new ErrorMemory();
  const log = errors?.listening(settings.log) ?? settings.log;
  // Absolute: Node never returns from making a folder below a current folder that is gone.
  const state = openPipelineState(resolve(settings.stateFolder), log, pace);
  let protection: CrashProtection;
  try {
    protection = startCrashProtection(spec, state, log, startWatchdog);
  } catch (thrown) {
    state.close();
    throw thrown;
  }
  if (state.isNew) log.info('state-created', { folder: state.folder });
  const health = new Health();
  const opening = new AbortController();
  let isStarting = true;
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  state.lost.catch((thrown: unknown) => lost.reject(asSluiceError(thrown)));
  const tracing = await tracingFor(spec.name, settings);
  const hasMeters = isMetered(settings.admin, settings.environment);

  const guards = await parts
    .openGuards?.({
      pipeline: spec.name,
      guards: spec.guards,
      labels: spec.labels,
      validators: parts.validators,
      stateFolder: state.folder,
      log,
      health,
    })
    .catch(async (thrown: unknown) => {
      await tracing?.close().catch(() => {});
      await protection.close(false);
      state.close();
      throw thrown;
    });
  const { deadLetters, processedIds } = stores({
    deadLetters: state.deadLetters,
    processedIds: (owner, bounds) => state.processedIds(owner, bounds),
  });
  const routes = spec.routes.filter(({ name }) => replayOnly?.has(name) ?? true);
  const runners = routes.map((route) => {
    return new RouteRunner(spec, route, {
      pipeline: spec.name,
      catalog,
      parts,
      guards,
      deadLetters,
      isReplayOnly: replayOnly !== undefined,
      countsExpired: settings.countsExpired,
      checkpoint: (owner) => state.checkpoint(owner),
      unsyncedCheckpoint: (owner) => state.unsyncedCheckpoint(owner),
      stateFolder: state.folder,
      manifest: state.manifest,
      share: (reserve) => state.share(reserve),
      moveIds: (owner, bounds, take) => state.moveIds(owner, bounds, take),
      processedIds,
      pace,
      clock,
      log,
      health,
      isMetered: hasMeters,
      tracer: tracing?.tracer(tracedRoute(catalog, spec, route, settings.environment)),
      suspects: protection.suspects(route.name),
      eventLoopWatchdog: protection.eventLoopWatchdog(route.name),
      opening: opening.signal,
      onLost: (error) => lost.reject(error),
      onProblem: (error: SluiceError) => {
        if (settings.failFast && isStarting) lost.reject(error);
      },
    });
  });
  const numbers = (): readonly RouteNumbers[] => runners.map((runner) => runner.numbers());
  const metering = hasMeters
    ? await startMetering({
        ...settings,
        pipeline: spec.name,
        routes: numbers,
        guards: () => guards?.numbers() ?? [],
        spans: () => tracing?.counts(),
      })
    : undefined;
  const admin = await adminFor({ spec, settings, health, errors, metering, numbers, stateFolder: state.folder }).catch(
    async (thrown: unknown) => {
      await metering?.close();
      await guards?.close();
      await tracing?.close().catch(() => {});
      await protection.close(false);
      state.close();
      throw thrown;
    },
  );

  writeAdminUrl(state.folder, admin?.url);

  const openings = runners.map((runner) => runner.open());
  const opened = Promise.all(openings).then(() => {
    isStarting = false;
    health.started();
    log.info('ready', { pipeline: spec.name, routes: runners.length });
  });
  opened.catch((thrown: unknown) => lost.reject(asSluiceError(thrown)));
  const ready = Promise.race([opened, lost.promise]);
  ready.catch(() => {});

  return {
    ready,
    lost: lost.promise,
    adminUrl: admin?.url,
    numbers,
    newestTrace: () => tracing?.newest(),
    replaceStages(next, nextParts) {
      return runners.flatMap((runner, at) => {
        const route = next.routes.find(({ name }) => name === routes[at]?.name);
        return route === undefined ? [] : runner.replaceStages(route, nextParts);
      });
    },
    async stop() {
      health.drain();
      opening.abort();
      // All of them: a late one would leave a connection open.
      await Promise.allSettled(openings);
      await Promise.all(runners.map((runner) => runner.drain(settings.drainMs)));
      guards?.stop();
      await Promise.all(runners.map((runner) => runner.close()));
      await guards?.close();
      const traced = tracing
        ?.close()
        .catch((thrown: unknown) => log.warn('traces-unsent', { text: asSluiceError(thrown).message }));
      // At once: a collector that is silent for one is silent for the other.
      await Promise.all([traced, metering?.close()]);
      await admin?.close();
      const last = runners.filter(({ hasRun }) => hasRun).map((runner) => runner.numbers());
      await protection.close(true);
      state.close();
      for (const one of last) log.info('stopped', { ...plainNumbers(one), letters: one.deadLetters.letters });
    },
    async abandon() {
      opening.abort();
      await Promise.allSettled(openings);
      guards?.stop();
      await Promise.all(runners.map((runner) => runner.close()));
      await guards?.close();
      await Promise.all([tracing?.close().catch(() => {}), metering?.close(), admin?.close()]);
      await protection.close(false);
      state.close();
    },
  };
}

/** What a line of the log can hold of them. */
function plainNumbers(numbers: RouteNumbers): LogFields {
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => typeof value !== 'object'));
}

async function tracingFor(service: string, { environment, log }: RunSettings): Promise<Tracing | undefined> {
  if (!exportsOtlp('TRACES', environment)) return undefined;
  // Loaded only when tracing is on: its import is slow.
  const { startTracing } = await import('../telemetry/tracing/start.ts');
  const outages = outagesIn(log, 'traces', 'these spans are lost, messages are not affected');
  return startTracing(service, environment, (text) => log.warn('tracing', { text }), outages);
}

interface AdminParts {
  readonly spec: PipelineSpec;
  readonly settings: RunSettings;
  readonly health: Health;
  readonly errors: ErrorMemory | undefined;
  readonly metering: Metering | undefined;
  readonly numbers: () => readonly RouteNumbers[];
  readonly stateFolder: string;
}

async function adminFor({ spec, settings, errors, metering, ...rest }: AdminParts): Promise<Admin | undefined> {
  const { admin: choice, log, environment, replayOnly } = settings;
  if (choice === undefined || errors === undefined || metering === undefined) return undefined;
  // Loaded only where it is served.
  const { openAdminPort } = await import('./admin-port.ts');
  const outline = pipelineOutlineOf(spec, replayOnly);
  const clearance = spec.labels?.shown;
  const serving = await openAdminPort({
    ...rest,
    metrics: () => metering.text(),
    choice,
    log,
    environment,
    outline,
    errors,
    clearance,
  });
  log.info('admin', { url: serving.url });
  return serving;
}
