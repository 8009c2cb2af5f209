import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './sync-files.ts';
import { SIDES } from './private-file.ts';

/** `x.sqlite.damaged-20261125T093000Z` */
export function asideName(file: string, now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  // Twice within a second: what was set aside first is never written over.
  for (let more = 0; ; more += 1) {
    const name = `${file}.damaged-${stamp}${more === 0 ? '' : `-${more}`}`;
    if (!existsSync(name)) return name;
  }
}

/** Puts the damaged file of a database aside, with what lies beside it, and `fresh`, which is whole, in its place. */
export function setAside(file: string, fresh: string, aside: string): void {
  for (const side of ['', ...SIDES]) if (existsSync(file + side)) renameSync(file + side, aside + side);
  renameSync(fresh, file);
  syncFolder(dirname(file));
}

/** The new file of a repair, before it is put in place. */
export function repairedName(file: string): string {
  return `${file}.repaired`;
}

/** A repair that was cut short: before its file was complete, it is begun again; behind, it only has to be put in place. */
export function finishRepair(file: string, now: Date): void {
  const repaired = repairedName(file);
  if (!existsSync(repaired)) return;
  if (existsSync(file)) for (const side of ['', ...SIDES]) rmSync(repaired + side, { force: true });
  else setAside(file, repaired, asideName(file, now));
}
