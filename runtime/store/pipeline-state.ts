import { join } from 'node:path';
import { SluiceError } from '#contract/errors.ts';
import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { Log } from '#contract/log.ts';
import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import { type DeadLetterStore, openDeadLetterStore } from './dead-letters/dead-letter-store.ts';
import type { StoredId } from './processed-id-table.ts';
import { moveIdsOut, type ProcessedIdBounds, processedIdsIn } from './processed-ids.ts';
import { unsyncedCheckpointsIn } from './unsynced-checkpoints.ts';
import { type Checkpoints, checkpointsIn } from './checkpoints.ts';
import { type Reserve, reserveOf } from './reserve.ts';
import { reportText } from './open-state-file.ts';
import { type DamageReport, FileManifest } from './file-manifest.ts';
import { takeStateFolder } from './state-folder.ts';
import { beginRun, type CrashSuspectStore } from './crash-suspects.ts';
import { openStateDatabase, STATE_FILE, type StateDatabase } from './state-database.ts';
import { MACHINE_PACE, type StatePace } from './state-pace.ts';
import { hasOldFiles } from './take-over.ts';
import { stateError } from './state-error.ts';

/** The durable state of a pipeline, in a folder that one process holds. */
export interface PipelineState {
  readonly folder: string;
  /** True when this start made the folder. */
  readonly isNew: boolean;
  readonly deadLetters: DeadLetterStore;
  /** `owner`: names the end, the same at every start. */
  checkpoint(owner: string): Checkpoint;
  /** What a killed process of that end left. `owner`: names the end, the same at every start. Throws STATE_LINKED. */
  unsyncedCheckpoint(owner: string): UnsyncedCheckpoint;
  /** Ids of the messages that a route has processed. Throws STATE_UNUSABLE. */
  processedIds(owner: string, bounds: ProcessedIdBounds): ProcessedIds;
  /**
   * Gives the ids of an owner to `take`, which has them durably in another file when it returns, and then forgets them. Without a
   * call of `take` there are none. For a route with a spool: the version before kept its ids here, and so does a route without
   * one. Throws STATE_UNUSABLE, or the error of `take`.
   */
  moveIds(owner: string, bounds: ProcessedIdBounds, take: (ids: readonly StoredId[]) => void): void;
  /** Opened on the first call, which begins a run. Throws STATE_UNUSABLE. */
  suspects(): CrashSuspectStore;
  /** The files of earlier starts. `name`: any, the same at every start. */
  readonly manifest: Pick<FileManifest, 'has' | 'add'>;
  /** The disk reserve of another file: released once this folder's own reserve is used up. */
  share(reserve: Pick<Reserve, 'release'>): void;
  /** Never resolves. Rejects when another process has taken the folder, whose lock was removed. */
  readonly lost: Promise<never>;
  close(): void;
}

/** How often the lock is checked. */
const CHECK_MS = 1000;
const REWRITTEN = 'the file was removed while it was in use; it was written again with all its content';
const SILENT: Log = { info() {}, warn() {}, error() {} };

/** Throws STATE_LOCKED, STATE_LINKED or STATE_UNUSABLE, and then holds nothing. */
export function openPipelineState(path: string, log: Log = SILENT, pace: StatePace = MACHINE_PACE): PipelineState {
  const onDamage = (report: DamageReport): void => {
    const { file, movedTo, recovered } = report;
    log.error('state-file-damaged', { file, movedTo, recovered, text: reportText(report) });
  };
  const folder = takeStateFolder(path, onDamage);
  const { exposed } = folder;
  if (exposed !== undefined) {
    const found = `expected ${path} to be closed to other users, found ${exposed}`;
    log.warn('state-folder-exposed', { folder: path, text: found });
  }
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  let database: StateDatabase | undefined;
  const closeDatabase = (): void => {
    try {
      database?.close();
    } catch (thrown) {
      const { code, message } = stateError(`close ${path}`, thrown);
      log.error('state-not-closed', { folder: path, code, text: message });
    }
  };
  try {
    const manifest = new FileManifest(path, onDamage);
    if (manifest.isNew) manifest.write();
    const onRewritten = (file: string): void => log.error('state-file-rewritten', { file, text: REWRITTEN });
    const reserve = reserveOf(path);
    const shared: Pick<Reserve, 'release'>[] = [];
    const release = (): void => {
      // A spool row is deleted only after a write to this folder: the spool's reserve must not prevent that write.
      for (const one of reserve.isThere ? [reserve] : shared) one.release();
    };
    const files = { path, manifest, onDamage, onRewritten, reserve: { release } };
    // Opened with its first use: a pipeline that has nothing to remember has no further database.
    const opened = (): StateDatabase => (database ??= openStateDatabase(files, pace));
    if (hasOldFiles(files)) opened();
    const { time } = pace;
    const onClock = (found: string): void => log.warn('clock-jumped', { text: found });
    const deadLetters = openDeadLetterStore(files, { time, onClock });
    const unsyncedCheckpoints = unsyncedCheckpointsIn(path);
    let checkpoints: Checkpoints | undefined;
    const checkpointOf = (owner: string): Checkpoint => (checkpoints ??= checkpointsIn(opened()))(owner);
    let suspects: CrashSuspectStore | undefined;
    const checking = setInterval(() => {
      try {
        if (folder.keep()) onRewritten(join(path, 'lock.sqlite'));
        reserve.make();
      } catch (thrown) {
        // A lock that cannot be taken now is tried again. Writes to the folder report the cause.
        if (thrown instanceof SluiceError && thrown.code === 'STATE_LOCKED') lost.reject(thrown);
      }
    }, CHECK_MS);
    checking.unref();
    return {
      folder: path,
      isNew: folder.isNew,
      deadLetters,
      manifest,
      share: (other) => void shared.push(other),
      lost: lost.promise,
      checkpoint: (owner) => ({
        read: () => checkpointOf(owner).read(),
        assertKept: () => checkpointOf(owner).assertKept?.(),
        write: (text) => checkpointOf(owner).write(text),
      }),
      unsyncedCheckpoint: (owner) => unsyncedCheckpoints.of(owner),
      processedIds: (owner, bounds) => processedIdsIn(opened(), owner, bounds, pace.monotonicNowMs),
      moveIds(owner, { most }, take) {
        if (database === undefined && !manifest.has(STATE_FILE.name)) return;
        moveIdsOut(opened(), owner, most, take);
      },
      suspects: () => (suspects ??= beginRun(opened())),
      close() {
        clearInterval(checking);
        deadLetters.close();
        unsyncedCheckpoints.close();
        closeDatabase();
        // The last writes may have used the reserve: the next start needs it again.
        reserve.make(true);
        folder.release();
      },
    };
  } catch (thrown) {
    closeDatabase();
    folder.release();
    throw stateError(`use ${path}`, thrown);
  }
}
