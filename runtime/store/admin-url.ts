import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './private-file.ts';

/** Beside the lock: where the process that holds the folder serves its figures. */
const NOTE = 'admin';

/** Leaves the URL there, or takes away that of an earlier process. It is a help for commands: a disk that refuses it stops nothing. */
export function noteAdmin(folder: string, url: string | undefined): void {
  try {
    if (url === undefined) rmSync(join(folder, NOTE), { force: true });
    else writePrivate(join(folder, NOTE), `${url}\n`);
  } catch {
    // The commands then do without.
  }
}

/** Undefined where the process that holds the folder serves none. */
export function notedAdmin(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, NOTE), 'utf8').trim();
  } catch {
    return undefined;
  }
}
