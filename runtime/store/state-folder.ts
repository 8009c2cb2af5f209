import { constants, copyFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { isOnDevice, makePrivate, makePrivateFolder, writePrivate } from './private-file.ts';
import { asideName } from './replace-damaged.ts';
import { openDatabase } from './sqlite.ts';
import type { FileReport } from './file-manifest.ts';
import { isDamage, isFullDisk, unusable } from './state-error.ts';

const LOCK = 'lock.sqlite';

/** A pipeline's own folder, held by one process. */
export interface StateFolder {
  readonly path: string;
  /** True when this start made it. */
  readonly isNew: boolean;
  /** Why others may look into it; undefined where they cannot. */
  readonly exposed: string | undefined;
  /**
   * Takes the folder again where its lock is gone, with the folder perhaps, for then another process could take it too.
   * True where that was so. Throws STATE_LOCKED where one has, STATE_UNUSABLE where it cannot be taken now.
   */
  keep(): boolean;
  release(): void;
}

/** A lock, on the file that it is on. */
interface Lock {
  readonly database: DatabaseSync;
  readonly device: bigint;
  readonly inode: bigint;
}

// A database that nobody refers to is closed by the garbage collector, and its lock with it.
const held = new Set<DatabaseSync>();

/**
 * Takes the folder, making it if need be. The lock is the kernel's, on a database file, so that a killed process
 * leaves none behind. Throws STATE_LOCKED, naming the holder, STATE_LINKED or STATE_UNUSABLE.
 */
export function takeStateFolder(path: string, onReport: (report: FileReport) => void = () => {}): StateFolder {
  const { isNew, exposed } = made(path);
  let lock = taken(path, onReport);
  return {
    path,
    isNew,
    exposed,
    keep() {
      if (isThere(path, lock)) return false;
      // The disk itself may be away, and its folder's place be on another one: nothing is made there.
      if (!isOnDevice(path, lock.device))
        throw unusable(`keep the folder ${path}`, new Error('the disk is another one'));
      made(path);
      const before = lock;
      lock = taken(path, onReport);
      letGo(before);
      return true;
    },
    release: () => letGo(lock),
  };
}

function made(path: string): { readonly isNew: boolean; readonly exposed: string | undefined } {
  try {
    return makePrivateFolder(path);
  } catch (thrown) {
    throw unusable(`make the folder ${path}`, thrown);
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
    // Another one may start at this very moment: what is held, is held for as short as can be.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; ROLLBACK');
    return true;
  } catch (thrown) {
    if (isBusy(thrown)) return false;
    // Whoever holds it, holds it before it reads it: a damaged one is nobody's.
    if (isDamage(thrown)) return true;
    throw unusable(`look at ${file}`, thrown);
  } finally {
    database?.close();
  }
}

function taken(path: string, onReport: (report: FileReport) => void): Lock {
  const file = join(path, LOCK);
  const holder = join(path, 'holder');
  let lock: Lock;
  try {
    lock = lockOn(file);
  } catch (thrown) {
    if (!isDamage(thrown)) throw refused(path, holder, thrown);
    empty(file, thrown, onReport);
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
    // A full disk: the folder is held all the same, by a process that did not leave its name.
    if (isFullDisk(thrown)) return lock;
    letGo(lock);
    throw unusable(`write ${holder}`, thrown);
  }
  return lock;
}

/** Throws what the database says. */
function lockOn(file: string): Lock {
  const database = openDatabase(file);
  try {
    // Nothing is ever committed: with its journal in memory a lock asks for no room on the disk.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const { dev: device, ino: inode } = statSync(file, { bigint: true });
    return { database, device, inode };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function letGo({ database }: Lock): void {
  held.delete(database);
  database.close();
}

function isThere(path: string, { device, inode }: Lock): boolean {
  const found = statSync(join(path, LOCK), { bigint: true, throwIfNoEntry: false });
  return found?.dev === device && found.ino === inode;
}

/** It holds nothing but the lock, and that is on the file, not on its name: it is emptied in its place, and a copy kept. */
function empty(file: string, thrown: unknown, onReport: (report: FileReport) => void): void {
  const aside = asideName(file, new Date());
  try {
    copyFileSync(file, aside, constants.COPYFILE_EXCL);
    makePrivate(aside);
    truncateSync(file);
  } catch (failure) {
    throw unusable(`set ${file} aside`, failure);
  }
  onReport({ file, aside, flaw: messageOf(thrown), saved: undefined });
}

function refused(path: string, holder: string, thrown: unknown): SluiceError {
  if (!isBusy(thrown)) return unusable(`lock ${join(path, LOCK)}`, thrown);
  return new SluiceError('STATE_LOCKED', `expected the folder ${path} to be free, found it held by ${named(holder)}`);
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && /locked/.test(thrown.message);
}

function named(holder: string): string {
  try {
    return readFileSync(holder, 'utf8').trim();
  } catch {
    return 'a process that did not leave its name';
  }
}
