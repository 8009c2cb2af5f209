import { closeSync, constants, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Under Node's permission model a process has no fsync. */
const hasNoFsync = process.permission !== undefined;
/** Whether a thread can sync what the database itself has written without a sync. */
export const canSyncApart = !hasNoFsync;
const CHUNK_BYTES = 1024 ** 2;

/** Everything that any process wrote into the file is on the disk when this returns. */
export function syncFile(path: string): void {
  const file = openSync(path, constants.O_RDWR | (hasNoFsync ? constants.O_SYNC : 0));
  try {
    if (hasNoFsync) writeAgain(file);
    else fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a folder durable: without it a power cut may lose a file by losing its name. */
export function syncFolder(path: string): void {
  if (hasNoFsync) return syncBySqlite(path);
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A write with O_SYNC makes its own bytes durable, but no earlier ones. So the whole file is written again. */
function writeAgain(file: number): void {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = 0; ;) {
    const bytes = readSync(file, chunk, 0, CHUNK_BYTES, at);
    if (bytes === 0) return;
    writeSync(file, chunk, 0, bytes, at);
    at += bytes;
  }
}

/** SQLite itself syncs a folder after it has made a journal there. The name is one of the bridge's own (private-file.ts). */
function syncBySqlite(folder: string): void {
  const path = join(folder, `reserve.sync-${process.pid}`);
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; CREATE TABLE t (n)');
  } finally {
    database.close();
    rmSync(path, { force: true });
  }
}
