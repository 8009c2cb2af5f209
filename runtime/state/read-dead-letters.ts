import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from '#contract/frame.ts';
import { frameOf } from './letter-row.ts';
import { openDatabase } from './sqlite.ts';
import { unusable } from './unusable.ts';

/**
 * The frames of all dead letters in a state folder, which the pipeline may hold at the same time: nothing is locked or
 * changed. Empty where no letter was ever written. Throws STATE_UNUSABLE.
 */
export function readDeadFrames(folder: string): readonly Pick<Frame, 'headers' | 'body'>[] {
  const file = join(folder, 'dead-letters.sqlite');
  if (!existsSync(file)) return [];
  try {
    const database = openDatabase(file, { readOnly: true });
    try {
      return database.prepare('SELECT headers, body FROM dead_letters').all().map(frameOf);
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw unusable(`read ${file}`, thrown);
  }
}
