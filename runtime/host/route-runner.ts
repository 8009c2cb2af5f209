import type { BusContext } from '#contract/bus.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import type { Stage } from '#contract/stage.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { busReporter } from '../telemetry/bus-reporter.ts';
import { busOf } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { endOptions, openingOptions } from './end-options.ts';
import { IDLE_SOURCE, mergedSource } from '../engine/merged-source.ts';
import { RunningRoute } from '../engine/route.ts';
import { newCounters } from '../engine/counters.ts';
import { Meters } from '../engine/meters.ts';
import { sinkName } from '../engine/sink-name.ts';
import type { Observers, Route } from '../engine/route-parts.ts';
import { waitingInWords, StallDetector } from '../engine/stall-detector.ts';
import { type DeadLetterRoute, openDeadLetterRoute } from './dead-letter-route.ts';
import type { DeadLetterStore } from '../store/dead-letters/dead-letter-store.ts';
import type { PipelineState } from '../store/pipeline-state.ts';
import type { ProcessedIdBounds } from '../store/processed-ids.ts';
import type { FileManifest } from '../store/file-manifest.ts';
import type { StatePace } from '../store/state-pace.ts';
import { eventsIn } from './event-ends.ts';
import { LagWatch } from './lag-watch.ts';
import { openRouteSpool, type RouteSpool } from './route-spool.ts';
import type { Health } from '../telemetry/health.ts';
import { BusCounters } from '../telemetry/bus-counters.ts';
import { EndWatch } from '../telemetry/end-watch.ts';
import { emptyWindow, type RouteNumbers } from '../telemetry/route-numbers.ts';
import { labelRulesOf } from './label-rules-of.ts';
import { openRouteSink, type RouteSink, type RouteSinkServices } from './route-sink.ts';
import { type ProjectParts, type RouteServices, stagesOf, wireRoute } from './wire.ts';

export interface RouteRunnerSettings
  extends
    Omit<RouteServices, 'observers' | 'redelivers' | 'labels' | 'ceilingOf' | 'registry'>,
    Pick<Observers, 'clock' | 'log' | 'tracer' | 'eventLoopWatchdog'> {
  readonly deadLetters: DeadLetterStore;
  /** Replays dead letters only: the source is not opened. */
  readonly isReplayOnly: boolean;
  readonly health: Health;
  /** Whether times are measured: something reads them. */
  readonly isMetered: boolean;
  /** The checkpoints of ends, by owner. */
  readonly checkpoint: (owner: string) => Checkpoint;
  /** The unsynced checkpoints of ends, by owner. */
  readonly unsyncedCheckpoint: (owner: string) => UnsyncedCheckpoint;
  /** Folder of the durable state. */
  readonly stateFolder: string;
  /** The files of earlier starts. */
  readonly manifest: Pick<FileManifest, 'has' | 'add'>;
  /** Shares the disk reserve of a spool. */
  readonly share: PipelineState['share'];
  readonly moveIds: PipelineState['moveIds'];
  readonly pace: StatePace;
  /** Aborts pending openings. */
  readonly opening: AbortSignal;
  /** A connection does not work and is tried again. */
  readonly onProblem: (error: SluiceError) => void;
  /** The route cannot go on. */
  readonly onLost: (error: SluiceError) => void;
}

type Direction = BusContext['direction'];

const DISCARD_TEXTS = {
  oldest: 'the store is full and the route has full: oldest',
  age: 'they reached the age limit of the route',
  operator: 'an operator discarded them',
} as const;

const REDELIVERED =
  'the source delivers them again at the next start; those that the sink took meanwhile may arrive twice';
const LOST = 'this source does not deliver them again: they are lost';

const TRIES_AGAIN = 'The bridge sends again by itself until the sink confirms. Look at its server and the log of it.';
const LOOK_THERE =
  'Look at the side that is waited for: a server that does not answer, a function that never returns, a full disk.';

/** One route of a running pipeline, from the opening of its ends to their closing. */
export class RouteRunner {
  readonly #pipeline: PipelineSpec;
  #spec: RouteSpec;
  #settings: RouteRunnerSettings;
  #sinks: readonly Sink[] = [];
  #source: Source | undefined;
  #letters: DeadLetterRoute | undefined;
  #spool: RouteSpool | undefined;
  /** Of the open route. */
  #services: RouteServices | undefined;
  #route: Route | undefined;
  #running: RunningRoute | undefined;
  #stallDetector: StallDetector | undefined;
  /** Whether unsettled messages are redelivered. */
  #redelivers = true;
  readonly #busCounters = new BusCounters();
  #sourceWatch: EndWatch | undefined;
  #lagWatch: LagWatch | undefined;
  readonly #sinkWatches: EndWatch[] = [];

  constructor(pipeline: PipelineSpec, spec: RouteSpec, settings: RouteRunnerSettings) {
    this.#pipeline = pipeline;
    this.#spec = spec;
    this.#settings = settings;
  }

  /** Resolves once both ends are connected and the route runs. Rejects when `opening` aborts. */
  async open(): Promise<void> {
    // All are registered before any is opened: readiness includes pending connections.
    const { from, deadLetter } = this.#spec;
    const { catalog, deadLetters, isReplayOnly, opening, parts } = this.#settings;
    const contexts = {
      source: isReplayOnly ? undefined : this.#context('source'),
      sinks: this.#spec.sinks.map((_, at) => this.#context('sink', at)),
      letters: deadLetter.to === undefined ? undefined : this.#context('dead-letters'),
    };
    this.#bound();
    if (deadLetter.to !== undefined && contexts.letters !== undefined) {
      const settings = { ...this.#settings, local: deadLetters };
      this.#letters = await openDeadLetterRoute(this.#pipeline, this.#spec, deadLetter.to, contexts.letters, settings);
    }
    this.#spool = openRouteSpool(this.#spec, this.#settings);
    // The sink is opened before the source, so that it is ready for the first delivery.
    // A spool redelivers unsettled messages, whatever its own source does.
    const bus = busOf(catalog, from.bus);
    const guarantees = bus.sourceGuarantees(endOptions(this.#pipeline, from));
    const redelivers = (this.#spool !== undefined && !isReplayOnly) || guarantees.redelivers;
    this.#redelivers = redelivers;
    const observers = this.#observers();
    const sinkServices = {
      ...this.#settings,
      observers,
      recoveryFor: redelivers ? { commitsEveryMs: guarantees.commitsEveryMs } : undefined,
    };
    const sinks = await this.#openSinks(contexts.sinks, sinkServices);
    if (contexts.source !== undefined) {
      const options = openingOptions(this.#pipeline, from, bus, contexts.source);
      this.#source = await bus.openSource(options, contexts.source);
    }
    const letters = this.#letters?.letters ?? deadLetters;
    const registry = parts.codecs?.openRegistry?.({ ...this.#settings, route: this.#spec.name });
    const spool = this.#spool;
    const services = {
      ...this.#settings,
      ...(spool !== undefined && {
        processedIds: (owner: string, bounds: ProcessedIdBounds) => spool.processedIds(owner, bounds),
      }),
      deadLetters: letters,
      redelivers,
      observers,
      registry,
      labels: labelRulesOf(this.#pipeline, this.#spec, observers),
      ceilingOf: (connection: string) => this.#pipeline.labels?.ceilingOf(connection),
    };
    const wired = wireRoute(this.#spec, { source: this.#source ?? IDLE_SOURCE, sinks }, services);
    const { ends, ...rest } = spool === undefined ? wired : spool.attach(wired);
    // Replayed letters bypass the spool: they are on the disk already.
    const merged = mergedSource(ends.source, deadLetters.replay(this.#spec.name));
    const events = eventsIn(this.#spec, bus, merged);
    // No turn without a registry: between the wiring of the stages and their first message nothing can replace them.
    if (registry !== undefined) await registry.open(opening);
    const source = registry?.source(events) ?? events;
    this.#services = services;
    this.#route = { ends: { ...ends, source }, ...rest };
    this.#running = new RunningRoute(this.#route);
    this.#stallDetector = this.#watch(this.#running, observers);
    this.#stallDetector.start();
    if (this.#settings.isMetered && this.#source !== undefined) {
      // The bus's own source: what stands between it and the route counts nothing of the bus.
      this.#lagWatch = new LagWatch(this.#source, this.#settings.clock);
      this.#lagWatch.start();
    }
    this.#running.run().catch((thrown: unknown) => this.#settings.onLost(asSluiceError(thrown)));
  }

  /** All at once: one that is away must not keep another from its connection. */
  async #openSinks(contexts: readonly BusContext[], services: RouteSinkServices): Promise<readonly RouteSink[]> {
    const opened: Sink[] = [];
    this.#sinks = opened;
    const openings = await Promise.allSettled(
      contexts.map(async (context, at) => {
        const to = this.#spec.sinks[at] ?? this.#spec.to;
        const made = await openRouteSink(this.#pipeline, this.#spec, to, context, services);
        opened.push(made.sink);
        return made;
      }),
    );
    // Only when all have ended: a late one would leave a connection open.
    return openings.map((opening) => {
      if (opening.status === 'rejected') throw opening.reason;
      return opening.value;
    });
  }

  /**
   * Puts the stages of `spec` in the place of those that run, and returns these: the caller closes them once no message is in them. A
   * route that is not open yet will have the new ones.
   */
  replaceStages(spec: RouteSpec, parts: ProjectParts): readonly Stage[] {
    this.#spec = spec;
    this.#settings = { ...this.#settings, parts };
    if (this.#services === undefined || this.#route === undefined) return [];
    const { stages: old } = this.#route.policy;
    const stages = stagesOf(spec, { ...this.#services, parts });
    this.#running?.replaceStages(stages);
    this.#route = { ...this.#route, policy: { ...this.#route.policy, stages } };
    return old;
  }

  get hasRun(): boolean {
    return this.#running !== undefined;
  }

  /** Before the route runs, of its connections alone. */
  numbers(): RouteNumbers {
    const { counters, meters } = this.#route?.observers ?? { counters: newCounters(), meters: undefined };
    const window = this.#running?.fill() ?? emptyWindow(this.#spec.from.window);
    const source = this.#sourceWatch?.state();
    const { tracer } = this.#settings;
    return {
      pipeline: this.#pipeline.name,
      route: this.#spec.name,
      disconnects: this.#busCounters.disconnects,
      notices: this.#busCounters.notices,
      losses: this.#busCounters.losses,
      ...(this.#spool === undefined ? { ...counters, window } : this.#spool.counted(counters, window)),
      ...(source !== undefined && { source: { ...source, lag: this.#lagWatch?.lag ?? [] } }),
      sinks: this.#sinkWatches.map((watch, at) => ({ ...watch.state(), sent: counters.sentBy[at] ?? 0 })),
      ...(meters !== undefined && { times: meters }),
      ...(tracer !== undefined && { traceContextsRejected: tracer.contextsRejected }),
      deadLetters: this.#settings.deadLetters.counts(this.#spec.name),
    };
  }

  async drain(deadlineMs: number): Promise<void> {
    const left = await this.#running?.stop(deadlineMs);
    const waited = left === undefined ? '' : waitingInWords(left);
    if (waited === '') return;
    const end = this.#redelivers ? REDELIVERED : LOST;
    const text = `after ${deadlineMs} ms messages still waited for ${waited}: ${end}. --shutdown-timeout gives them longer`;
    this.#settings.log.warn('stopped-early', { route: this.#spec.name, text });
  }

  async close(): Promise<void> {
    this.#stallDetector?.stop();
    this.#lagWatch?.stop();
    // Before the source: its last commit settles messages there.
    await this.#spool?.close().catch((thrown: unknown) => {
      const { code, message } = asSluiceError(thrown, 'STATE_UNUSABLE');
      this.#settings.log.error('spool-not-closed', { route: this.#spec.name, code, text: message });
    });
    const stages = this.#route?.policy.stages.map((stage) => stage.close?.() ?? Promise.resolve()) ?? [];
    const ends = [this.#source, ...this.#sinks, this.#letters].map((end) => end?.close() ?? Promise.resolve());
    await Promise.all([...ends, ...stages]);
  }

  #observers(): Observers {
    const { clock, log, tracer, eventLoopWatchdog, health } = this.#settings;
    const { name } = this.#spec;
    return {
      clock,
      log,
      tracer,
      eventLoopWatchdog,
      counters: newCounters(),
      meters: this.#settings.isMetered ? new Meters() : undefined,
      onFlow: (isFlowing, why) =>
        health.set(`${name} confirmations`, isFlowing, `the sink does not confirm: ${why}`, TRIES_AGAIN),
      onDeadLetters: (trouble) =>
        health.set(`${name} dead letters`, trouble === undefined, trouble?.message, trouble?.remedy),
    };
  }

  #bound(): void {
    const { deadLetters, log } = this.#settings;
    const { name: route, deadLetter } = this.#spec;
    deadLetters.bound(route, deadLetter.bounds, ({ reason, letters }) =>
      log.warn('dead-letters-discarded', { route, reason, letters, text: DISCARD_TEXTS[reason] }),
    );
  }

  #watch(running: RunningRoute, { counters, clock }: Observers): StallDetector {
    const { log, health } = this.#settings;
    const { name: route, watchdogMs: limitMs } = this.#spec;
    let isStalled = false;
    const onStall = (stall: string | undefined): void => {
      health.set(`${route} progress`, stall === undefined, stall, LOOK_THERE);
      if (stall === undefined) log.info('route-resumed', { route });
      else if (!isStalled) log.error('route-stalled', { route, text: stall });
      isStalled = stall !== undefined;
    };
    return new StallDetector({ clock, limitMs, counters, waiting: () => running.waiting(), onStall });
  }

  /** Undefined for the bus of dead letters. */
  #watchEnd(direction: Direction, at: number): EndWatch | undefined {
    const { from, sinks } = this.#spec;
    const { catalog } = this.#settings;
    if (direction === 'source') return (this.#sourceWatch = new EndWatch(from.connection, busOf(catalog, from.bus)));
    const to = direction === 'sink' ? sinks[at] : undefined;
    return to && (this.#sinkWatches[at] = new EndWatch(to.connection, busOf(catalog, to.bus)));
  }

  /** `at`: the place of a sink in the list. */
  #context(direction: Direction, at = 0): BusContext {
    const { log, health, opening, onProblem } = this.#settings;
    const { from, sinks, deadLetter } = this.#spec;
    const to = sinks[at] ?? this.#spec.to;
    const { connection } = direction === 'source' ? from : direction === 'sink' ? to : (deadLetter.to ?? to);
    const route = sinkName(this.#spec.name, at);
    const place = { pipeline: this.#pipeline.name, route, connection, direction };
    const onUp = (): void => {
      if (direction === 'dead-letters') this.#letters?.wake();
      else this.#running?.wake();
    };
    const counters = this.#busCounters;
    const onDown = (isRenewed: boolean): void => counters.disconnected(direction, isRenewed);
    const onNotice = (code: string): void => counters.noticed(direction, code);
    const onLoss = (code: string, count: number | undefined): void => counters.lost(code, count);
    const told = busReporter({ ...place, log, health, onUp, onDown, onProblem, onNotice, onLoss });
    const watch = this.#watchEnd(direction, at);
    const report: BusContext['report'] = (event) => {
      watch?.seen(event);
      told(event);
    };
    const owner = `${route} ${direction}`;
    const checkpoint = this.#settings.checkpoint(owner);
    const unsynced = direction === 'source' ? { unsyncedCheckpoint: this.#settings.unsyncedCheckpoint(owner) } : {};
    const { oneAtATime } = CLASSES[this.#spec.class];
    // What is in the spool is settled at the source, and is sent whoever reads the source by then.
    const isFenced = oneAtATime && (direction === 'sink' || (direction === 'source' && this.#spec.spool === undefined));
    const spelling = direction === 'sink' ? { unspellable: to.headers.unspellable } : {};
    return {
      ...place,
      ...spelling,
      ...unsynced,
      window: this.#spec.from.window,
      isFenced,
      checkpoint,
      signal: opening,
      report,
    };
  }
}
