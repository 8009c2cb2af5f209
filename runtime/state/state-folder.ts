import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '#contract/errors.ts';
import { openDatabase } from './sqlite.ts';
import { unusable } from './unusable.ts';

/** A pipeline's own folder, held by one process. */
export interface StateFolder {
  readonly path: string;
  /** True when this start made it. */
  readonly isNew: boolean;
  release(): void;
}

// A database that nobody refers to is closed by the garbage collector, and its lock with it.
const held = new Set<DatabaseSync>();

/**
 * Takes the folder, making it if need be. The lock is the kernel's, on a database file, so that a killed process
 * leaves none behind. Throws STATE_LOCKED, naming the holder, or STATE_UNUSABLE.
 */
export function takeStateFolder(path: string): StateFolder {
  let isNew: boolean;
  try {
    isNew = mkdirSync(path, { recursive: true }) !== undefined;
  } catch (thrown) {
    throw unusable(`make the folder ${path}`, thrown);
  }
  const holder = join(path, 'holder');
  const release = lock(path, holder);
  try {
    writeFileSync(holder, `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}\n`);
  } catch (thrown) {
    release();
    throw unusable(`write ${holder}`, thrown);
  }
  return { path, isNew, release };
}

/** Whether no process holds the folder at this moment. */
export function isFolderFree(path: string): boolean {
  const file = join(path, 'lock.sqlite');
  if (!existsSync(file)) return true;
  const database = openDatabase(file);
  try {
    // Another one may start at this very moment: what is held, is held for as short as can be.
    database.exec('BEGIN EXCLUSIVE; ROLLBACK');
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && /locked/.test(thrown.message)) return false;
    throw unusable(`look at ${file}`, thrown);
  } finally {
    database.close();
  }
}

function lock(path: string, holder: string): () => void {
  const file = join(path, 'lock.sqlite');
  try {
    const database = openDatabase(file);
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    held.add(database);
    return () => {
      held.delete(database);
      database.close();
    };
  } catch (thrown) {
    if (thrown instanceof Error && /locked/.test(thrown.message)) {
      throw new SluiceError(
        'STATE_LOCKED',
        `expected the folder ${path} to be free, found it held by ${named(holder)}`,
      );
    }
    throw unusable(`lock ${file}`, thrown);
  }
}

function named(holder: string): string {
  try {
    return readFileSync(holder, 'utf8').trim();
  } catch {
    return 'a process that did not leave its name';
  }
}
