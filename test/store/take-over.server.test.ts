import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Change,
  chanceOf,
  readChanges,
  RecordedDisk,
  recording,
  writeFiles,
} from '../harness/disk/recorded-disk.ts';
import { serverTest } from '../harness/server-test.ts';
import { startNode } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { seedOfRun } from '../kill/random.ts';
import { keptIn, writeStateBefore } from './state-before.ts';

const STARTER = resolve(import.meta.dirname, 'starter.ts');

/** All that a start does to the folder of the version before, in order. */
async function changesOfStart(folder: string, scratch: string): Promise<readonly Change[]> {
  const log = join(scratch, 'log');
  const env = { ...process.env, ...(await recording(folder, log, scratch)) };
  await using starter = startNode([STARTER, folder], { env });
  await waitFor(() => starter.stdout().includes('started'), 20_000, 'the start');
  // SQLite rebuilds the index of a log from the log itself: what its memory held need not be followed.
  return readChanges(log).filter(({ path }) => !path.endsWith('-shm'));
}

serverTest(
  'a kill or a power cut at any moment of the start that takes the files over loses nothing, and the next start finishes it',
  { needs: ['recorded-disk'] },
  async (t) => {
    using scratch = temporaryFolder('take-over');
    const path = join(scratch.path, 'state');
    writeStateBefore(path);
    const before = new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));
    const changes = await changesOfStart(path, scratch.path);
    const seed = seedOfRun();
    t.diagnostic(`SLUICE_SEED=${seed}, ${changes.length} changes`);
    const chance = chanceOf(seed);
    const disk = new RecordedDisk(before);
    const flaws: string[] = [];
    let cuts = 0;
    for (const [moment, change] of changes.entries()) {
      disk.follow(change, path);
      // `all` is a kill. Neighbouring moments differ little: each has one of the three.
      const reached = (['all', 'some', 'nothing'] as const)[(moment + seed) % 3] ?? 'all';
      const cut = join(scratch.path, 'cut');
      rmSync(cut, { recursive: true, force: true });
      writeFiles(disk.cut(reached, chance), cut);
      const kept = keptIn(cut);
      cuts += 1;
      if (!kept.ids || !kept.checkpoints || !kept.suspects || kept.said.length > 0)
        flaws.push(`${moment} ${change.kind} ${change.path} ${reached}: ${JSON.stringify(kept)}`);
    }
    assert.ok(cuts > 100, `${cuts} cuts`);
    assert.deepEqual(flaws, []);
  },
);
