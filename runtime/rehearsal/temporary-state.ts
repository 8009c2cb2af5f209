import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';
/** Containers have little of it. */
const LEAST_BYTES = 512 * 1024 ** 2;

const folders = new Set<string>();

/** A folder for state that nobody keeps. It is removed at the end of the process too. */
export function makeTemporaryState(): string {
  const folder = mkdtempSync(join(root(), 'sluice-rehearsal-'));
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  return folder;
}

export function removeTemporaryState(folder: string): void {
  folders.delete(folder);
  if (folders.size === 0) process.off('exit', removeAll);
  rmSync(folder, { recursive: true, force: true });
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** In memory where the system has room for it there: every commit waits for a disk. */
function root(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= LEAST_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
