import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './private-file.ts';

/** Beside the lock: the URL at which the process that holds the folder serves its metrics. */
const FILE = 'admin';

/** Writes the URL, or removes that of an earlier process. It only helps commands: a failed write stops nothing. */
export function writeAdminUrl(folder: string, url: string | undefined): void {
  try {
    if (url === undefined) rmSync(join(folder, FILE), { force: true });
    else writePrivate(join(folder, FILE), `${url}\n`);
  } catch {
    // Commands work without it.
  }
}

/** Undefined where the process that holds the folder serves none. */
export function readAdminUrl(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, FILE), 'utf8').trim();
  } catch {
    return undefined;
  }
}
