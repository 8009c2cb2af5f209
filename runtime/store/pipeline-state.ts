import { join } from 'node:path';
import { SluiceError } from '#contract/errors.ts';
import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { Log } from '#contract/log.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import { type DeadLetterStore, openDeadLetterStore } from './dead-letters/dead-letter-store.ts';
import { type ProcessedIdBounds, type ProcessedIdStore, openProcessedIdStore } from './processed-ids.ts';
import { type CheckpointStore, openCheckpointStore } from './checkpoints.ts';
import { type Reserve, reserveOf } from './reserve.ts';
import { inWords } from './open-state-file.ts';
import { type FileReport, Stamps } from './file-manifest.ts';
import { takeStateFolder } from './state-folder.ts';
import { openCrashSuspectStore, type CrashSuspectStore } from './crash-suspects.ts';
import { unusable } from './state-error.ts';

/** What of a pipeline outlives its process, in a folder that one process holds. */
export interface PipelineState {
  readonly folder: string;
  /** True when this start made the folder. */
  readonly isNew: boolean;
  readonly deadLetters: DeadLetterStore;
  /** `owner`: whose it is, the same at every start. */
  checkpoint(owner: string): Checkpoint;
  /** What a route remembers of what it passed on. Throws STATE_UNUSABLE. */
  processedIds(owner: string, bounds: ProcessedIdBounds): ProcessedIds;
  /** Opened when asked for, and that is the beginning of a run. Throws STATE_UNUSABLE. */
  suspects(): CrashSuspectStore;
  /** Whether a file of the folder was there at an earlier start, and that it is there now. `name`: any, the same at every start. */
  readonly stamps: Pick<Stamps, 'has' | 'add'>;
  /** Demand that is kept on the disk for another file: given up where this folder has none left either. */
  share(reserve: Pick<Reserve, 'release'>): void;
  /** Never resolves. Rejects when another process has taken the folder, whose lock was removed. */
  readonly lost: Promise<never>;
  close(): void;
}

/** How soon it is noticed that the lock is gone. */
const LOOK_MS = 1000;
const REWRITTEN = 'it was removed while it was in use; all that the process held of it is in a new one';
const SILENT: Log = { info() {}, warn() {}, error() {} };

/** Throws STATE_LOCKED, STATE_LINKED or STATE_UNUSABLE, and then holds nothing. */
export function openPipelineState(path: string, log: Log = SILENT): PipelineState {
  const onReport = (report: FileReport): void => {
    const { file, aside, saved } = report;
    log.error('state-file-damaged', { file, aside, saved, text: inWords(report) });
  };
  const folder = takeStateFolder(path, onReport);
  const { exposed } = folder;
  if (exposed !== undefined) {
    const found = `expected ${path} to be closed to other users, found ${exposed}`;
    log.warn('state-folder-exposed', { folder: path, text: found });
  }
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  try {
    const stamps = new Stamps(path, onReport);
    if (stamps.isNew) stamps.write();
    const onRewritten = (file: string): void => log.error('state-file-rewritten', { file, text: REWRITTEN });
    const reserve = reserveOf(path);
    const shared: Pick<Reserve, 'release'>[] = [];
    const release = (): void => {
      // What a spool may delete waits for what is written here: its own room must not stand in the way.
      for (const one of reserve.isThere ? [reserve] : shared) one.release();
    };
    const files = { path, stamps, onReport, onRewritten, reserve: { release } };
    const deadLetters = openDeadLetterStore(files, { onClock: (found) => log.warn('clock-differs', { text: found }) });
    // Most buses keep their own place: who writes nothing down waits for no second database.
    let checkpoints: CheckpointStore | undefined;
    let idStore: ProcessedIdStore | undefined;
    const checkpointOf = (owner: string): Checkpoint => (checkpoints ??= openCheckpointStore(files)).checkpoint(owner);
    let suspects: CrashSuspectStore | undefined;
    const looking = setInterval(() => {
      try {
        if (folder.keep()) onRewritten(join(path, 'lock.sqlite'));
        reserve.make();
      } catch (thrown) {
        // One that cannot be taken for the moment is tried again; what is to be written there tells of it.
        if (thrown instanceof SluiceError && thrown.code === 'STATE_LOCKED') lost.reject(thrown);
      }
    }, LOOK_MS);
    looking.unref();
    return {
      folder: path,
      isNew: folder.isNew,
      deadLetters,
      stamps,
      share: (other) => void shared.push(other),
      lost: lost.promise,
      checkpoint: (owner) => ({
        read: () => checkpointOf(owner).read(),
        assertKept: () => checkpointOf(owner).assertKept?.(),
        write: (text) => checkpointOf(owner).write(text),
      }),
      processedIds: (owner, bounds) => (idStore ??= openProcessedIdStore(files)).processedIds(owner, bounds),
      suspects: () => (suspects ??= openCrashSuspectStore(files)),
      close() {
        clearInterval(looking);
        deadLetters.close();
        checkpoints?.close();
        idStore?.close();
        suspects?.close();
        // What the last writes have used of it is there again for the next start.
        reserve.make(true);
        folder.release();
      },
    };
  } catch (thrown) {
    folder.release();
    throw unusable(`use ${path}`, thrown);
  }
}
