import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './private-file.ts';
import { damagedName } from './replace-damaged.ts';

/** A damaged file with checkpoints that was renamed and kept, of the version before too. */
const DAMAGED = /^(?:state|memos)\.sqlite\.damaged-/;

/** The name of a file that shows that checkpoints may be lost; undefined where they are not, or an operator removed it. */
export function damagedFileIn(folder: string): string | undefined {
  return readdirSync(folder).find((name) => DAMAGED.test(name));
}

/** Leaves such a file for checkpoints of `name` that were lost. If none was renamed, an empty marker takes its name. */
export function markLost(folder: string, name: string): void {
  if (damagedFileIn(folder) === undefined) writePrivate(damagedName(join(folder, name), new Date()), 'lost\n');
}
