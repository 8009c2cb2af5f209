import { messageOf } from '#contract/errors.ts';
import type { Stage } from '#contract/stage.ts';
import type { RunningPipeline } from '../../host/pipeline.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';
import { changedBetween, type Snapshot, snapshotOf } from './snapshot.ts';
import { StageVersion, withVersion } from './stage-version.ts';
import { type Version, whyRestart } from './what-changed.ts';

/** A version of the project; or what is wrong with it, as lines. */
export type Loaded = { readonly version: Version } | { readonly wrong: string };

export interface SessionSettings {
  readonly file: string;
  /** Judges what is saved without running any of it in this process. Undefined: nothing is wrong. */
  readonly judge: () => Promise<string | undefined>;
  readonly load: () => Promise<Loaded>;
  /** Called with each version before it runs: the stages as this way of running has them. */
  readonly dressed: (spec: PipelineSpec) => PipelineSpec;
  /** `port`: that of the page before, after a restart. */
  readonly start: (version: Version, port: number | undefined) => Promise<RunningPipeline>;
  readonly tell: (line: string) => void;
}

/** Stages that were replaced, and the version that tells whether messages are in them. */
interface Old {
  readonly stages: readonly Stage[];
  readonly version: StageVersion;
}

interface Opened {
  readonly pipeline: RunningPipeline;
  readonly version: Version;
  readonly stages: StageVersion;
}

/** Most of the routes that a line names. */
const NAMED = 3;

/** How many messages of each route have begun, in all versions. */
class Begun {
  readonly #counts = new Map<string, number>();
  readonly count = (route: string): void => void this.#counts.set(route, this.of(route) + 1);

  of(route: string): number {
    return this.#counts.get(route) ?? 0;
  }
}

/** A pipeline at work whose files change. The last good version runs. */
export class DevSession {
  readonly #settings: SessionSettings;
  readonly #lost = Promise.withResolvers<never>();
  readonly #old = new Set<Old>();
  readonly #begun: Begun;
  #pipeline: RunningPipeline;
  /** The one whose end is that of the session: one that is stopped for a restart gives up what it has not opened yet. */
  #watched: RunningPipeline | undefined;
  #version: Version;
  #stages: StageVersion;
  /** The files of the version that runs. */
  #good: Snapshot;
  /** The files that were judged last. */
  #seen: Snapshot;
  #isStale = false;
  #reloading: Promise<void> | undefined;
  #isStopping = false;

  private constructor(settings: SessionSettings, files: Snapshot, begun: Begun, opened: Opened) {
    this.#settings = settings;
    this.#good = files;
    this.#seen = files;
    this.#begun = begun;
    this.#lost.promise.catch(() => {});
    ({ pipeline: this.#pipeline, stages: this.#stages, version: this.#version } = opened);
    this.#watch();
  }

  /** Starts the version as it was loaded. Rejects as `startPipeline` does. */
  static async start(settings: SessionSettings, first: Version): Promise<DevSession> {
    const files = snapshotOf(settings.file, first.imported);
    const begun = new Begun();
    return new DevSession(settings, files, begun, await openVersion(settings, first, begun, undefined));
  }

  /** Never resolves; rejects when the pipeline cannot go on. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  get ready(): Promise<void> {
    return this.#pipeline.ready;
  }

  get adminUrl(): string | undefined {
    return this.#pipeline.adminUrl;
  }

  /** The version that runs. */
  get version(): Version {
    return this.#version;
  }

  numbers(): readonly RouteNumbers[] {
    return this.#pipeline.numbers();
  }

  /** Files may have changed. Resolves once what they hold by then runs, or is refused. */
  changed(): Promise<void> {
    this.#isStale = true;
    this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined));
    return this.#reloading;
  }

  /** Drains, and closes everything. Once. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#reloading;
    await this.#pipeline.stop();
    await this.#closeOld();
  }

  async #reload(): Promise<void> {
    while (this.#isStale && !this.#isStopping) {
      this.#isStale = false;
      try {
        await this.#look();
      } catch (thrown) {
        this.#settings.tell(`kept the last good version: ${messageOf(thrown)}`);
      }
    }
  }

  async #look(): Promise<void> {
    const { file, judge, load, tell } = this.#settings;
    const startedMs = performance.now();
    const files = snapshotOf(file, this.#version.imported);
    if (changedBetween(this.#seen, files).length === 0) return;
    this.#seen = files;
    const changed = changedBetween(this.#good, files);
    if (changed.length === 0) return tell('the files are as the running version has them: nothing to swap');
    const wrong = await judge();
    // Ctrl-C ends the check too.
    if (this.#isStopping) return;
    if (wrong !== undefined) return this.#keep(changed, wrong);
    const loaded = await load();
    if ('wrong' in loaded) return this.#keep(changed, loaded.wrong);
    // What was loaded may be a later save than the one that was judged.
    if (changedBetween(files, snapshotOf(file, this.#version.imported)).length > 0) {
      this.#isStale = true;
      return;
    }
    const { version } = loaded;
    const why = whyRestart(this.#version, version, changed);
    const before = this.#version;
    if (why === undefined) this.#swap(version, changed, startedMs);
    else if (!(await this.#restart(version, why, changed, startedMs))) return;
    const all = snapshotOf(file, version.imported);
    // A restart takes its time: what was saved meanwhile is looked at next, and so counts as it was before.
    const judged = [...files].filter(([path]) => all.has(path) || !before.imported.includes(path));
    this.#good = new Map([...all, ...judged]);
    this.#seen = this.#good;
  }

  #keep(changed: readonly string[], wrong: string): void {
    this.#settings.tell(`kept the last good version: ${changed.join(', ')} cannot run\n${wrong.trimEnd()}`);
  }

  #swap(version: Version, changed: readonly string[], startedMs: number): void {
    const before = this.#stages;
    const stages = new StageVersion();
    const spec = withVersion(this.#settings.dressed(version.spec), stages, this.#begun.count);
    const replaced = this.#pipeline.replaceStages(spec, version.parts);
    this.#version = version;
    this.#stages = stages;
    const { inside } = before;
    this.#retire({ stages: replaced, version: before });
    const left = inside === 0 ? '' : `; ${inside} in the old one end there`;
    const ms = Math.round(performance.now() - startedMs);
    this.#settings.tell(`swapped ${changed.join(', ')} in ${ms} ms, from ${this.#next(version.spec)} on${left}`);
  }

  /** `message 13 of route orders`, for each route with stages. */
  #next({ routes }: PipelineSpec): string {
    const places = routes
      .filter(({ stages }) => stages.length > 0)
      .map(({ name }) => `message ${this.#begun.of(name) + 1} of route ${name}`);
    const more = places.length > NAMED ? ` and of ${places.length - NAMED} more` : '';
    return `${places.slice(0, NAMED).join(', ')}${more}` || 'now';
  }

  /** They end after their last message: a thread of `isolate: worker` too. */
  #retire(old: Old): void {
    this.#old.add(old);
    void old.version.empty().then(() => this.#close(old));
  }

  async #close(old: Old): Promise<void> {
    if (!this.#old.delete(old)) return;
    await Promise.all(old.stages.map((stage) => stage.close?.() ?? Promise.resolve())).catch(() => {});
  }

  async #closeOld(): Promise<void> {
    await Promise.all([...this.#old].map((old) => this.#close(old)));
  }

  /** False where the old version had to be started again. */
  async #restart(version: Version, why: string, changed: readonly string[], startedMs: number): Promise<boolean> {
    const { tell } = this.#settings;
    const { adminUrl } = this.#pipeline;
    const port = adminUrl === undefined ? undefined : Number(new URL(adminUrl).port);
    const stoppedMs = performance.now();
    this.#watched = undefined;
    await this.#pipeline.stop();
    await this.#closeOld();
    const drained = Math.round(performance.now() - stoppedMs);
    try {
      await this.#open(version, port);
    } catch (thrown) {
      tell(`kept the last good version, started again: ${messageOf(thrown)}`);
      await this.#open(this.#version, port).catch((again: unknown) => this.#lost.reject(again));
      return false;
    }
    const ms = Math.round(performance.now() - startedMs);
    tell(`restarted for ${changed.join(', ')} in ${ms} ms, ${drained} of them the drain: ${why}`);
    return true;
  }

  async #open(version: Version, port: number | undefined): Promise<void> {
    const made = await openVersion(this.#settings, version, this.#begun, port);
    ({ pipeline: this.#pipeline, stages: this.#stages, version: this.#version } = made);
    this.#watch();
  }

  #watch(): void {
    const watched = this.#pipeline;
    this.#watched = watched;
    watched.lost.catch((thrown: unknown) => {
      if (this.#watched === watched) this.#lost.reject(thrown);
    });
  }
}

async function openVersion(
  { dressed, start }: SessionSettings,
  version: Version,
  begun: Begun,
  port: number | undefined,
): Promise<Opened> {
  const stages = new StageVersion();
  const spec = withVersion(dressed(version.spec), stages, begun.count);
  return { pipeline: await start({ ...version, spec }, port), version, stages };
}
