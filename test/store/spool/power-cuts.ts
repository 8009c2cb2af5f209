import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { chanceOf, readChanges, RecordedDisk, recording, writeFiles } from '../../harness/disk/recorded-disk.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { seedOfRun } from '../../kill/random.ts';
import { type Marks, readMarks } from './marks.ts';

const TAKER = resolve(import.meta.dirname, 'taker.ts');
const MARKS = 'marks';
const MESSAGES = 1500;
const TAKE_MS = 60_000;

/** What a folder shows after a cut, in numbers of messages. */
interface Verdict {
  readonly lost: number;
  readonly quarantined: number;
}

/** Opens what a cut left of the disk, and compares it with what the taker had said by then. */
type Judge = (folder: string, said: Marks) => Verdict;

interface Cuts extends Verdict {
  readonly cuts: number;
  readonly accepted: number;
}

interface CutSettings {
  readonly first: number;
  readonly times: number;
  readonly seed: number;
  readonly mode: string;
  readonly judge: Judge;
}

/** Lets a taker work on what the disk holds, then cuts the power at `times` moments of what it did. */
async function cutWhileTaking(
  disk: ReadonlyMap<string, Buffer>,
  { first, times, seed, mode, judge }: CutSettings,
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
  const chance = chanceOf(seed);
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
      const said = readMarks(marks);
      const { lost, quarantined } = judge(cut, said);
      result.lost += lost;
      result.accepted += said.accepted.size;
      result.quarantined += quarantined;
      result.cuts += 1;
      if (reached === 'some') result.left = new Map([...files, [MARKS, Buffer.from(marks)]]);
    }
  }
  return result;
}

/** Several times in a row, each on what the last cut left. `mode`: of the taker. */
export async function cutAgainAndAgain(
  t: TestContext,
  { rounds, times, mode, judge }: { rounds: number; times: number; mode: string; judge: Judge },
): Promise<Cuts> {
  const seed = seedOfRun();
  t.diagnostic(`SLUICE_SEED=${seed}`);
  const total = { cuts: 0, accepted: 0, lost: 0, quarantined: 0 };
  let disk: ReadonlyMap<string, Buffer> = new Map();
  for (let round = 0; round < rounds; round += 1) {
    const first = round * MESSAGES + 1;
    const { left, ...cuts } = await cutWhileTaking(disk, { first, times, seed: seed + round, mode, judge });
    for (const name of ['cuts', 'accepted', 'lost', 'quarantined'] as const) total[name] += cuts[name];
    disk = left;
  }
  t.diagnostic(JSON.stringify(total));
  return total;
}
