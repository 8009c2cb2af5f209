import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '#contract/catalog.ts';
import type { Log } from '#contract/log.ts';
import { openDeadLetterAdmin } from '../store/dead-letters/admin.ts';
import type { StoredLetter } from '../store/dead-letters/stored-letter.ts';
import { type RunningPipeline, startPipeline, type Surroundings } from '../host/pipeline.ts';
import type { ProjectParts } from '../host/wire.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import type { RouteNumbers } from '../telemetry/route-numbers.ts';
import { Activity } from './activity.ts';
import { freshFunctions } from './fresh-functions.ts';
import { RehearsalError } from './rehearsal-error.ts';
import { makeTemporaryState, removeTemporaryState } from './temporary-state.ts';
import { StandIns, type StandInsSettings } from './stand-ins.ts';
import type { Life, Moment } from './steps.ts';
import { withOwnFiles } from './own-files.ts';
import { VirtualTime } from './virtual-time.ts';
import { type ObserveStage, withWatchedStages } from './watched-stages.ts';
import { watchedStores } from './watched-stores.ts';

export interface RehearsalSettings
  extends Pick<StandInsSettings, 'flaws'>, Partial<Pick<StandInsSettings, 'keepsPublished'>> {
  readonly spec: PipelineSpec;
  readonly catalog: Catalog;
  readonly parts: ProjectParts;
  /** The time at the start, in milliseconds since 1970 (UTC). */
  readonly startMs?: number | undefined;
  readonly log?: Log | undefined;
  /** Called at each step of each message. True ends the life of the process at this step. */
  readonly kills?: ((moment: Moment) => boolean) | undefined;
  readonly observe?: ObserveStage | undefined;
}

/** 2026-01-01T00:00:00Z: the same at every run. */
export const START_MS = 1_767_225_600_000;
const SILENT: Log = { info() {}, warn() {}, error() {} };
/** How long a stop may take, in virtual time. */
const DRAIN_MS = 10_000;
const LETTERS_AT_ONCE = 100_000;

/** A process that runs the pipeline, from its start to its end. */
interface Process {
  readonly life: Life;
  readonly running: RunningPipeline;
}

/**
 * A pipeline file at work in memory: the engine of a real run, stand-ins for its buses, virtual time, and its state in a temporary folder. A
 * crash ends everything that the process had in memory; the buses and the files stay.
 */
export class Rehearsal {
  readonly activity = new Activity();
  readonly time: VirtualTime;
  readonly standIns: StandIns;
  readonly #settings: RehearsalSettings;
  readonly #folder: string;
  /** The number of processes so far. */
  #lives = 0;
  #crashes = 0;
  #process: Process | undefined;
  readonly #ends: Promise<void>[] = [];
  #isClosed = false;

  constructor(settings: RehearsalSettings) {
    const { spec, catalog, startMs = START_MS, flaws = {}, keepsPublished = false, parts } = settings;
    if (parts.codecs?.openRegistry !== undefined) {
      const text = `expected a pipeline without a schema registry, found one that ${spec.name} names: a rehearsal reaches no server`;
      throw new RehearsalError(`${text}. Write confluent: { ids: ... } with the ids of the schemas for its tests`);
    }
    this.#settings = settings;
    this.time = new VirtualTime(startMs, this.activity);
    this.standIns = new StandIns({
      spec,
      catalog,
      time: this.time,
      startMs,
      activity: this.activity,
      keepsPublished,
      flaws,
    });
    this.#folder = makeTemporaryState();
  }

  get catalog(): Catalog {
    return this.#settings.catalog;
  }

  get spec(): PipelineSpec {
    return this.#settings.spec;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && !this.#process.life.isOver;
  }

  /** The counts of the process that runs. */
  numbers(): readonly RouteNumbers[] {
    return this.isRunning ? (this.#process?.running.numbers() ?? []) : [];
  }

  /** Starts a process; one that runs is stopped in order before. */
  async start(): Promise<void> {
    this.#assertOpen();
    if (this.isRunning) await this.stop();
    await Promise.all(this.#ends.splice(0));
    const { spec, catalog: _, parts, log = SILENT, observe } = this.#settings;
    const life: Life = { isOver: false };
    const { activity, time } = this;
    const probe = (moment: Moment): void => {
      const isAtWork = !life.isOver && this.#process?.life === life;
      if (isAtWork && this.#settings.kills?.(moment) === true) this.#kill();
    };
    const watch = { life, probe, activity, observe };
    const clock = time.clock(life);
    const nowMs = (): number => time.nowMs;
    const surroundings: Surroundings = {
      clock,
      pace: {
        time: { wallMs: nowMs, elapsedMs: () => time.passedMs },
        monotonicNowMs: nowMs,
        groupMs: 0,
        syncing: () => undefined,
      },
      startWatchdog: undefined,
      stores: watchedStores(watch),
    };
    this.#lives += 1;
    mkdirSync(this.#stateFolder, { recursive: true });
    const running = await startPipeline(
      withWatchedStages(withOwnFiles(spec), watch),
      {
        catalog: this.standIns.catalog(life, probe),
        parts: this.#lives === 1 ? parts : { ...parts, functions: await freshFunctions(parts.functions) },
        log,
        stateFolder: this.#stateFolder,
        admin: undefined,
        failFast: false,
        drainMs: DRAIN_MS,
        environment: {},
      },
      surroundings,
    );
    this.#process = { life, running };
    running.lost.catch((thrown: unknown) => life.isOver || activity.failed(thrown));
    await running.ready;
    await activity.quiet();
  }

  /** Ends the process in order: it reads no more, and finishes what is in flight. */
  async stop(): Promise<void> {
    const { life, running } = this.#process ?? {};
    if (life === undefined || running === undefined || life.isOver) return;
    let isStopped = false;
    const stopping = running.stop().finally(() => {
      isStopped = true;
      this.activity.happened();
    });
    stopping.catch(() => {});
    const untilMs = this.time.passedMs + 2 * DRAIN_MS;
    while (!isDone(() => isStopped)) {
      await this.activity.quiet();
      if (!isStopped && !(await this.time.step(untilMs))) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await stopping;
    life.isOver = true;
    this.#process = undefined;
    this.standIns.ended();
  }

  /** Ends the process at once. What it had in memory is gone, what it had written stays. */
  async crash(): Promise<void> {
    this.#assertOpen();
    this.#kill();
    await this.activity.quiet();
  }

  /** Lets time pass until no message is unsettled, at most so much. Rejects with what still waits then. */
  async settled(withinMs: number): Promise<void> {
    await this.activity.quiet();
    const untilMs = this.time.passedMs + withinMs;
    while (!this.isSettled) {
      if (!this.isRunning)
        throw new RehearsalError(`expected a process that runs, found that it crashed: call restart()`);
      if (!(await this.time.step(untilMs))) throw new RehearsalError(this.#waiting(withinMs));
    }
  }

  /** Whether every message has ended, at the buses and in the spools. */
  get isSettled(): boolean {
    const isRead = this.standIns.inlets.every(({ subscription }) => subscription.isEmpty);
    return isRead && this.numbers().every(({ window, spooled }) => window.messages === 0 && (spooled ?? 0) === 0);
  }

  #waiting(withinMs: number): string {
    const numbers = this.numbers();
    const waiting = this.standIns.inlets.flatMap(({ route: { name, sinks }, subscription: { unsettled } }) => {
      const spooled = numbers.find(({ route }) => route === name)?.spooled ?? 0;
      if (unsettled + spooled === 0) return [];
      const down = sinks.filter(({ connection }) => this.standIns.standIn(connection).isDown);
      const why =
        down.length === 0 ? '' : `, whose sink ${down.map(({ connection }) => connection).join(', ')} is down`;
      return [`${unsettled + spooled} of route ${name}${why}`];
    });
    return `expected every message to end within ${withinMs / 1000} s, found that some still wait: ${waiting.join('; ')}`;
  }

  /** The dead letters of the local store, oldest first. */
  letters(): readonly StoredLetter[] {
    const admin = openDeadLetterAdmin(this.#stateFolder);
    if (admin === undefined) return [];
    try {
      return [...admin.each({})].slice(0, LETTERS_AT_ONCE);
    } finally {
      admin.close();
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#process !== undefined) this.#end(this.#process);
    this.#process = undefined;
    await Promise.all(this.#ends.splice(0));
    removeTemporaryState(this.#folder);
  }

  get #stateFolder(): string {
    return join(this.#folder, `state-${this.#crashes}`);
  }

  /** A process that follows a crash has a copy of the files as they were then: the abandoned one still has its own open. */
  #kill(): void {
    if (this.#process === undefined || this.#process.life.isOver) return;
    const before = this.#stateFolder;
    this.#crashes += 1;
    cpSync(before, this.#stateFolder, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    this.#end(this.#process);
    this.#process = undefined;
    this.standIns.ended();
  }

  #end({ life, running }: Process): void {
    life.isOver = true;
    this.activity.happened();
    this.#ends.push(running.abandon().catch(() => {}));
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new RehearsalError(`expected an open pipeline, found that ${this.spec.name} was closed`);
  }
}

function isDone(condition: () => boolean): boolean {
  return condition();
}
