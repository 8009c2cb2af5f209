import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writePrivate } from '../private-file.ts';
import { stateError } from '../state-error.ts';
import { syncFolder } from '../sync-files.ts';

const FOLDER = 'guards';
const KEY_BYTES = 32;

/** Folder of what the guards of a pipeline keep in its state folder. */
export function guardFolder(stateFolder: string): string {
  return join(stateFolder, FOLDER);
}

/** Where a guard keeps the end of its audit file. */
export function tipPath(stateFolder: string, guard: string): string {
  return join(guardFolder(stateFolder), `${guard}.tip`);
}

/** Where a guard keeps the messages that wait for approval. */
export function pendingFolder(stateFolder: string, guard: string): string {
  return join(guardFolder(stateFolder), `${guard}.pending`);
}

/**
 * The secret of which a guard makes the ids of what it releases; made at its first start. Without it a repetition after a crash has
 * another id. Throws STATE_UNUSABLE.
 */
export function idKeyOf(stateFolder: string, guard: string): Uint8Array {
  const folder = guardFolder(stateFolder);
  const path = join(folder, `${guard}.key`);
  try {
    makePrivateFolder(folder);
    if (existsSync(path)) {
      const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
      if (key.length === KEY_BYTES) return key;
    }
    const key = randomBytes(KEY_BYTES);
    writePrivate(path, `${key.toString('base64')}\n`);
    syncFolder(folder);
    return key;
  } catch (thrown) {
    throw stateError(`write ${path}`, thrown);
  }
}
