import { closeSync, constants, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Node's permission model takes fsync away from a process, whatever else it allows. */
const hasNoFsync = process.permission !== undefined;
const CHUNK_BYTES = 1024 ** 2;

/** What was written into a file by whomever is on the disk when this returns. */
export function syncFile(path: string): void {
  const file = openSync(path, constants.O_RDWR | (hasNoFsync ? constants.O_SYNC : 0));
  try {
    if (hasNoFsync) writeAgain(file);
    else fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A name that is on the disk only once its folder is: a file that its folder forgets is no file. */
export function syncFolder(path: string): void {
  if (hasNoFsync) return syncBySqlite(path);
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A write with O_SYNC brings what it writes to the disk, and nothing that was written before. */
function writeAgain(file: number): void {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = 0; ;) {
    const bytes = readSync(file, chunk, 0, CHUNK_BYTES, at);
    if (bytes === 0) return;
    writeSync(file, chunk, 0, bytes, at);
    at += bytes;
  }
}

/** SQLite syncs a folder itself once it has made a journal in it. The name is one that the state folder knows for its own. */
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
