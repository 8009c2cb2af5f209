import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { readChanges, RecordedDisk, recording, writeFiles } from '../../harness/disk/recorded-disk.ts';
import { serverTest } from '../../harness/server-test.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { seedOfRun } from '../../kill/random.ts';
import { openIn } from './spool-fixture.ts';
import { lostOf, readMarks } from './marks.ts';

const TAKER = resolve(import.meta.dirname, 'taker.ts');
const MARKS = 'marks';
const MESSAGES = 1500;
const TAKE_MS = 60_000;

interface Cuts {
  readonly cuts: number;
  readonly accepted: number;
  readonly lost: number;
  readonly quarantined: number;
}

/** Lets a taker work on what the disk holds, then cuts the power at `times` moments of what it did. */
async function cutWhileTaking(
  disk: ReadonlyMap<string, Buffer>,
  { first, times, seed, mode }: { first: number; times: number; seed: number; mode: string },
): Promise<Cuts & { readonly left: ReadonlyMap<string, Buffer> }> {
  using scratch = temporaryFolder('power-cut');
  const folder = join(scratch.path, 'disk');
  const log = join(scratch.path, 'log');
  writeFiles(disk, folder);
  const environment = await recording(folder, log, scratch.path);
  const args = [TAKER, folder, String(first), String(first + MESSAGES - 1), String(seed), mode];
  const taker = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(taker, 'exit');
  const isDone = (): boolean => readChanges(log).some(({ data }) => data.includes(`a ${first + MESSAGES - 1}\n`));
  await waitFor(isDone, TAKE_MS, 'everything to be taken');
  taker.kill('SIGKILL');
  await ended;
  const changes = readChanges(log);
  const chance = randomOf(seed);
  const moments = new Set(Array.from({ length: times }, () => Math.floor(chance() * changes.length)));
  const followed = new RecordedDisk(disk);
  const result = { cuts: 0, accepted: 0, lost: 0, quarantined: 0, left: disk };
  let marks = disk.get(MARKS)?.toString() ?? '';
  for (const [moment, change] of changes.entries()) {
    if (change.path === join(folder, MARKS)) marks += change.data.toString();
    else followed.follow(change, folder);
    if (!moments.has(moment)) continue;
    for (const reached of ['nothing', 'some', 'all'] as const) {
      const files = followed.cut(reached, chance);
      const cut = join(scratch.path, 'cut');
      rmSync(cut, { recursive: true, force: true });
      writeFiles(files, cut);
      const { store, damage } = openIn(cut);
      const said = readMarks(marks);
      result.lost += lostOf(store, said).length;
      result.accepted += said.accepted.size;
      result.quarantined += damage === undefined ? 0 : 1;
      result.cuts += 1;
      store.close();
      if (reached === 'some') result.left = new Map([...files, [MARKS, Buffer.from(marks)]]);
    }
  }
  return result;
}

/** Several times in a row, each on what the last cut left. */
async function cutAgainAndAgain(t: TestContext, rounds: number, times: number, mode: string): Promise<Cuts> {
  const seed = seedOfRun();
  t.diagnostic(`SLUICE_SEED=${seed}`);
  const total = { cuts: 0, accepted: 0, lost: 0, quarantined: 0 };
  let disk: ReadonlyMap<string, Buffer> = new Map();
  for (let round = 0; round < rounds; round += 1) {
    const first = round * MESSAGES + 1;
    const { left, ...cuts } = await cutWhileTaking(disk, { first, times, seed: seed + round, mode });
    for (const name of ['cuts', 'accepted', 'lost', 'quarantined'] as const) total[name] += cuts[name];
    disk = left;
  }
  t.diagnostic(JSON.stringify(total));
  return total;
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

serverTest(
  'a power cut at any moment loses no message that the source heard accept of, whatever of the rest had reached the disk',
  { needs: ['recorded-disk'] },
  async (t) => {
    const { cuts, accepted, lost, quarantined } = await cutAgainAndAgain(t, 4, 15, '');
    assert.ok(cuts >= 120, `${cuts} cuts`);
    assert.ok(accepted > cuts * 500, `${accepted} accepted`);
    assert.deepEqual({ lost, quarantined }, { lost: 0, quarantined: 0 });
  },
);

serverTest(
  'a store that does not wait for the disk is convicted of losing messages',
  { needs: ['recorded-disk'] },
  async (t) => {
    const { lost } = await cutAgainAndAgain(t, 1, 15, 'forgets');
    assert.ok(lost > 0, 'the judge of power cuts sees no loss where there must be one');
  },
);
