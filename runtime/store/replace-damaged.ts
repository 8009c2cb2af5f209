import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './sync-files.ts';
import { SIDECARS } from './private-file.ts';

/** The name under which a damaged file is kept: `x.sqlite.damaged-20261125T093000Z` */
export function damagedName(file: string, now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  // Twice within a second: a file that was kept before is never overwritten.
  for (let more = 0; ; more += 1) {
    const name = `${file}.damaged-${stamp}${more === 0 ? '' : `-${more}`}`;
    if (!existsSync(name)) return name;
  }
}

/** Renames a damaged database file and its sidecars to `kept`, and puts `fresh`, which is complete, in its place. */
export function replaceDamaged(file: string, fresh: string, kept: string): void {
  for (const side of ['', ...SIDECARS]) if (existsSync(file + side)) renameSync(file + side, kept + side);
  renameSync(fresh, file);
  syncFolder(dirname(file));
}

/** The new file of a repair, before it is put in place. */
export function repairedName(file: string): string {
  return `${file}.repaired`;
}

/**
 * Finishes a repair that was cut short. While the damaged file is in its place, the new one may be incomplete and is
 * removed; afterwards it only has to be put in place.
 */
export function finishRepair(file: string, now: Date): void {
  const repaired = repairedName(file);
  if (!existsSync(repaired)) return;
  if (existsSync(file)) for (const side of ['', ...SIDECARS]) rmSync(repaired + side, { force: true });
  else replaceDamaged(file, repaired, damagedName(file, now));
}
