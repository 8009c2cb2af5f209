import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
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
import { isProcessed } from './is-processed.ts';
import { idsIn } from './state-in.ts';

const WRITER = resolve(import.meta.dirname, 'id-writer.ts');
const TAKER = resolve(import.meta.dirname, 'spool/taker.ts');
const DEADLINE_MS = 60_000;
const BOUNDS = { most: 65_536, windowMs: undefined };

/** What a process does to its folder, from its first mark on, until it is killed at `isOver`. */
async function changesOf(
  args: (folder: string) => readonly string[],
  isOver: (changes: readonly Change[], stdout: string) => boolean,
  syncMs: number,
): Promise<{ readonly changes: readonly Change[]; readonly marked: number; readonly folder: string }> {
  using scratch = temporaryFolder('slow-disk');
  const folder = join(scratch.path, 'disk');
  mkdirSync(folder);
  const log = join(scratch.path, 'log');
  const env = await recording(folder, log, scratch.path, syncMs);
  await using writer = startNode(args(folder), { env });
  await waitFor(() => isOver(readChanges(log), writer.stdout()), DEADLINE_MS, 'everything to be written');
  // SQLite rebuilds the index of a log from the log itself: what its memory held need not be followed.
  const changes = readChanges(log).filter(({ path }) => !path.endsWith('-shm'));
  const marked = changes.findIndex(({ kind, path }) => kind === 'write' && path.endsWith('/marks'));
  return { changes, marked, folder };
}

/** Syncs behind the first mark: those for which the main thread waited, and the others. */
function syncsOf({ changes, marked }: { readonly changes: readonly Change[]; readonly marked: number }) {
  const syncs = changes.slice(marked).filter(({ kind }) => kind === 'sync');
  const onMain = syncs.filter(({ at }) => at === 1).map(({ path }) => path);
  return { onMain, apart: syncs.length - onMain.length };
}

function isCheckpointed({
  changes,
  marked,
}: {
  readonly changes: readonly Change[];
  readonly marked: number;
}): boolean {
  return changes.slice(marked).some(({ kind, path, at }) => kind === 'truncate' && path.endsWith('-wal') && at === 0);
}

serverTest(
  'on a slow disk the event loop waits for no sync of processed ids, while the log is copied into the file too',
  { needs: ['recorded-disk'] },
  async () => {
    const done = await changesOf(
      (folder) => [WRITER, folder, '6000', 'quiet'],
      (_, stdout) => stdout.includes('done'),
      20,
    );
    const { onMain, apart } = syncsOf(done);
    assert.deepEqual(onMain, []);
    assert.ok(apart > 20, `${apart} syncs`);
    assert.ok(isCheckpointed(done), 'the log was emptied');
  },
);

for (const mode of ['', 'ids']) {
  serverTest(
    `on a slow disk the event loop waits for no sync of a spool${mode === '' ? '' : ' with processed ids'}, while the log is copied into the file too`,
    { needs: ['recorded-disk'] },
    async () => {
      const last = 3000;
      const done = await changesOf(
        (folder) => [TAKER, folder, '1', String(last), '7', mode],
        (changes) => changes.some(({ data }) => data.includes(`a ${last}\n`)),
        20,
      );
      const { onMain, apart } = syncsOf(done);
      assert.deepEqual(onMain, []);
      assert.ok(apart > 20, `${apart} syncs`);
      assert.ok(isCheckpointed(done), 'the log was emptied');
    },
  );
}

/** Ids that were durable by the marks, and are unknown after a cut at one of so many moments, or at the end, as often. */
async function lostIds(
  seed: number,
  times: number,
  mode: string,
  isAtEnd = false,
): Promise<{ lost: number; known: number }> {
  const { changes, marked, folder } = await changesOf(
    (path) => [WRITER, path, '6000', mode],
    (_, stdout) => stdout.includes('done'),
    0,
  );
  using scratch = temporaryFolder('slow-disk');
  const chance = chanceOf(seed);
  const moments = Array.from({ length: times }, () =>
    isAtEnd ? changes.length - 1 : marked + Math.floor(chance() * (changes.length - marked)),
  );
  const disk = new RecordedDisk();
  const durable = new Set<string>();
  const result = { lost: 0, known: 0 };
  for (const [moment, change] of changes.entries()) {
    if (change.path.endsWith('/marks')) {
      for (const [, number = ''] of change.data.toString().matchAll(/^e (\d+)$/gm)) durable.add(number);
    } else disk.follow(change, folder);
    const cuts = moments.filter((one) => one === moment);
    for (const reached of cuts.flatMap(() => ['nothing', 'some', 'all'] as const)) {
      const cut = join(scratch.path, 'cut');
      rmSync(cut, { recursive: true, force: true });
      writeFiles(disk.cut(reached, chance), cut);
      const store = idsIn(cut);
      const ids = ['a', 'b'].map((owner) => store.processedIds(owner, BOUNDS));
      for (const number of durable) {
        if (ids.some((one) => isProcessed(one, number))) result.known += 1;
        else result.lost += 1;
      }
      store.close();
    }
  }
  return result;
}

serverTest(
  'a power cut at any moment forgets no processed id that was durable, whatever of the rest had reached the disk',
  { needs: ['recorded-disk'] },
  async (t) => {
    const seed = seedOfRun();
    t.diagnostic(`SLUICE_SEED=${seed}`);
    const { lost, known } = await lostIds(seed, 30, '');
    assert.ok(known > 100_000, `${known} known`);
    assert.equal(lost, 0);
  },
);

serverTest(
  'ids that do not wait for the disk are convicted of being forgotten',
  { needs: ['recorded-disk'] },
  async () => {
    const { lost } = await lostIds(1, 10, 'forgets');
    assert.ok(lost > 0, 'the judge of power cuts sees no loss where there must be one');
  },
);

serverTest(
  'a power cut after an end that came while the disk was to sync a file forgets no processed id',
  { needs: ['recorded-disk'] },
  async (t) => {
    const seed = seedOfRun();
    t.diagnostic(`SLUICE_SEED=${seed}`);
    const { lost, known } = await lostIds(seed, 15, 'stops', true);
    assert.ok(known > 1000, `${known} known`);
    assert.equal(lost, 0);
  },
);
