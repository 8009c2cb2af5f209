import { rmSync } from 'node:fs';
import { SluiceError } from '#contract/errors.ts';
import type { LogRange } from '#contract/log-replay.ts';
import { isFolderFree } from '../../store/state-folder.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';
import { type RunningPipeline, type RunSettings, startPipeline } from '../pipeline.ts';
import type { SinkTally } from './marking-sink.ts';
import { copyGuardKeys } from './replay-guards.ts';
import { readerName, replayId } from './replay-name.ts';
import { ReplayPace } from './replay-pace.ts';
import { replayCatalog, replaySpec } from './replay-pipeline.ts';
import { ReplayProgress } from './replay-progress.ts';
import { folderOf, type ReplayRecord, replaysFolder, writeRecord } from './replay-record.ts';
import { forgotten, type ReplayedRoute, surveyed } from './survey.ts';

/** A replay whose range is looked up. */
export interface PreparedReplay extends ReplayedRoute {
  readonly record: ReplayRecord;
  /** Its own state folder. */
  readonly folder: string;
  /** An earlier process began it. */
  readonly isResumed: boolean;
}

/** Looks the range up, or takes what an earlier start of the same replay found. Rejects with STATE_LOCKED while another process runs it. */
export async function prepareReplay(
  replayed: ReplayedRoute,
  range: LogRange,
  stateFolder: string,
): Promise<PreparedReplay> {
  const { fromMs, toMs } = range;
  const place = { pipeline: replayed.spec.name, route: replayed.route.name, fromMs, toMs };
  const { id, folder, record } = folderOf(replaysFolder(stateFolder), replayId(place));
  if (record !== undefined) {
    if (isFolderFree(folder)) return { ...replayed, record, folder, isResumed: true };
    throw new SluiceError('STATE_LOCKED', `expected ${folder} to be free, found that another process runs this replay`);
  }
  const reader = readerName(place, id);
  const parts = await surveyed(replayed, reader, range);
  return { ...replayed, folder, isResumed: false, record: { ...place, id, reader, parts, isFinished: false } };
}

export interface ReplaySettings extends Pick<RunSettings, 'parts' | 'log' | 'drainMs' | 'environment'> {
  /** State folder of the pipeline itself. */
  readonly stateFolder: string;
  readonly perSecond: number | undefined;
  readonly renewExpiryMs: number | undefined;
}

/** A replay at work. */
export interface RunningReplay {
  readonly progress: ReplayProgress;
  readonly tally: SinkTally;
  readonly pipeline: Pick<RunningPipeline, 'lost' | 'stop' | 'ready'>;
  numbers(): RouteNumbers | undefined;
}

/** Rejects as `startPipeline` does. */
export async function startReplay(prepared: PreparedReplay, settings: ReplaySettings): Promise<RunningReplay> {
  const { spec, route, catalog, replay, record, folder } = prepared;
  const { perSecond, renewExpiryMs, stateFolder, ...rest } = settings;
  // Before anything is at the server: what is there has a record by which it is found.
  writeRecord(folder, record);
  if (spec.guards.size > 0) copyGuardKeys(stateFolder, folder);
  const progress = new ReplayProgress(record.parts);
  const tally: SinkTally = { duplicates: 0 };
  const pace = perSecond === undefined ? undefined : new ReplayPace(perSecond, () => performance.now());
  const reading = { progress, pace, renewExpiryMs, nowMs: Date.now };
  const pipeline = await startPipeline(
    replaySpec(spec, route, record, { replay, renewsExpiry: renewExpiryMs !== undefined }),
    {
      ...rest,
      catalog: replayCatalog(catalog, route.from.bus, { id: record.id, replay, reading, tally }),
      stateFolder: folder,
      admin: undefined,
      failFast: true,
      countsExpired: true,
      // Its counters would be taken for those of the running pipeline.
      environment: { ...settings.environment, OTEL_METRICS_EXPORTER: 'none' },
    },
  );
  return { progress, tally, pipeline, numbers: () => pipeline.numbers()[0] };
}

/**
 * Removes the reader at the server, and the folder unless an operator still needs it: for dead letters, or the audit of a guard.
 * Rejects with a SluiceError, and the replay then stays unfinished.
 */
export async function finishReplay(prepared: PreparedReplay, keepsFolder: boolean): Promise<void> {
  const { record, folder, spec } = prepared;
  await forgotten(prepared, record.reader);
  if (keepsFolder || spec.guards.size > 0) writeRecord(folder, { ...record, isFinished: true });
  else rmSync(folder, { recursive: true, force: true });
}
