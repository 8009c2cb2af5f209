import { constants, copyFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { isOnDevice, makePrivate, makePrivateFolder, writePrivate } from './private-file.ts';
import { damagedName } from './replace-damaged.ts';
import { openDatabase } from './sqlite.ts';
import type { DamageReport } from './file-manifest.ts';
import { isCorrupt, isFullDisk, stateError } from './state-error.ts';

const LOCK = 'lock.sqlite';

/** A pipeline's own folder, held by one process. */
export interface StateFolder {
  readonly path: string;
  /** True when this start made it. */
  readonly isNew: boolean;
  /** Why other users may read it; undefined where they cannot. */
  readonly exposed: string | undefined;
  /**
   * Takes the folder again where its lock file is gone, perhaps with the folder: another process could take it then. True
   * where it was gone. Throws STATE_LOCKED where another process has taken it, STATE_UNUSABLE where it cannot be taken now.
   */
  keep(): boolean;
  release(): void;
}

/** A lock, and the identity of its file. */
interface Lock {
  readonly database: DatabaseSync;
  readonly device: bigint;
  readonly inode: bigint;
}

// The garbage collector closes a database without references, which would release its lock.
const held = new Set<DatabaseSync>();

/**
 * Takes the folder, making it if need be. The lock is the kernel's, on a database file, so that a killed process
 * leaves none behind. Throws STATE_LOCKED, naming the holder, STATE_LINKED or STATE_UNUSABLE.
 */
export function takeStateFolder(path: string, onDamage: (report: DamageReport) => void = () => {}): StateFolder {
  const { isNew, exposed } = makeFolder(path);
  let lock = takeLock(path, onDamage);
  return {
    path,
    isNew,
    exposed,
    keep() {
      if (isThere(path, lock)) return false;
      // The disk may be unmounted, and the path lie on another one: nothing is made there.
      if (!isOnDevice(path, lock.device))
        throw stateError(`keep the folder ${path}`, new Error('the disk is another one'));
      makeFolder(path);
      const before = lock;
      lock = takeLock(path, onDamage);
      releaseLock(before);
      return true;
    },
    release: () => releaseLock(lock),
  };
}

function makeFolder(path: string): { readonly isNew: boolean; readonly exposed: string | undefined } {
  try {
    return makePrivateFolder(path);
  } catch (thrown) {
    throw stateError(`make the folder ${path}`, thrown);
  }
}

/** Whether a pipeline has ever run with the folder. */
export function isStateFolder(path: string): boolean {
  return existsSync(join(path, LOCK));
}

/** Whether no process holds the folder at this moment. */
export function isFolderFree(path: string): boolean {
  const file = join(path, LOCK);
  if (!existsSync(file)) return true;
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(file);
    // A bridge may start at this moment: the lock is held as briefly as possible.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; ROLLBACK');
    return true;
  } catch (thrown) {
    if (isBusy(thrown)) return false;
    // A process locks the file before it reads it: no process holds a damaged one.
    if (isCorrupt(thrown)) return true;
    throw stateError(`look at ${file}`, thrown);
  } finally {
    database?.close();
  }
}

function takeLock(path: string, onDamage: (report: DamageReport) => void): Lock {
  const file = join(path, LOCK);
  const holder = join(path, 'holder');
  let lock: Lock;
  try {
    lock = lockOn(file);
  } catch (thrown) {
    if (!isCorrupt(thrown)) throw refused(path, holder, thrown);
    emptyDamaged(file, thrown, onDamage);
    try {
      lock = lockOn(file);
    } catch (again) {
      throw refused(path, holder, again);
    }
  }
  held.add(lock.database);
  try {
    writePrivate(holder, `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}\n`);
  } catch (thrown) {
    // On a full disk the folder is held without the name of its holder.
    if (isFullDisk(thrown)) return lock;
    releaseLock(lock);
    throw stateError(`write ${holder}`, thrown);
  }
  return lock;
}

/** Throws the database's error. */
function lockOn(file: string): Lock {
  const database = openDatabase(file);
  try {
    // Nothing is ever committed: with its journal in memory a lock needs no room on the disk.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const { dev: device, ino: inode } = statSync(file, { bigint: true });
    return { database, device, inode };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function releaseLock({ database }: Lock): void {
  held.delete(database);
  database.close();
}

function isThere(path: string, { device, inode }: Lock): boolean {
  const found = statSync(join(path, LOCK), { bigint: true, throwIfNoEntry: false });
  return found?.dev === device && found.ino === inode;
}

/** The file has no content, and the lock is on the file, not on its name: it is emptied in place, and a copy is kept. */
function emptyDamaged(file: string, thrown: unknown, onDamage: (report: DamageReport) => void): void {
  const movedTo = damagedName(file, new Date());
  try {
    copyFileSync(file, movedTo, constants.COPYFILE_EXCL);
    makePrivate(movedTo);
    truncateSync(file);
  } catch (failure) {
    throw stateError(`set ${file} aside`, failure);
  }
  onDamage({ file, movedTo, flaw: messageOf(thrown), recovered: undefined });
}

function refused(path: string, holder: string, thrown: unknown): SluiceError {
  if (!isBusy(thrown)) return stateError(`lock ${join(path, LOCK)}`, thrown);
  return new SluiceError(
    'STATE_LOCKED',
    `expected the folder ${path} to be free, found it held by ${holderName(holder)}`,
  );
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && /locked/.test(thrown.message);
}

function holderName(holder: string): string {
  try {
    return readFileSync(holder, 'utf8').trim();
  } catch {
    return 'a process that did not leave its name';
  }
}
