// `node id-writer.ts FOLDER COUNT [MODE]`: stores the ids 1 to COUNT of two routes in the folder's state, as they come, and says
// `e N` in `marks` once N is durable; a crash suspect is written now and then. Says `done`, and stays. Modes: `quiet`: no
// suspects. `forgets`: nothing waits for the disk. `stops`: closes the state once a file is to be synced, and that sync never begins.
import { fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginRun } from '../../runtime/store/crash-suspects.ts';
import { GroupCommit } from '../../runtime/store/group-commit.ts';
import { CHECKPOINT_BYTES, LogSync } from '../../runtime/store/log-sync.ts';
import { stateFilesIn } from '../../runtime/store/open-state-file.ts';
import { processedIdsIn } from '../../runtime/store/processed-ids.ts';
import { openStateDatabase } from '../../runtime/store/state-database.ts';
import { syncApart } from '../../runtime/store/sync-apart.ts';

const [, , folder = '', count = '1', mode = ''] = process.argv;
const BOUNDS = { most: 65_536, windowMs: undefined };
const opened = openStateDatabase(stateFilesIn(folder));
const over = new AbortController();
const SYNCS: Readonly<Record<string, (descriptor: number) => Promise<void>>> = {
  forgets: () => Promise.resolve(),
  stops: (descriptor) => {
    if (fstatSync(descriptor).ino === statSync(`${opened.file}-wal`).ino) return syncApart(descriptor);
    over.abort();
    return new Promise(() => {});
  },
};
const sync = SYNCS[mode];
const state =
  sync === undefined
    ? opened
    : { ...opened, commits: new GroupCommit(opened.database, new LogSync(opened.database, sync)) };
const suspects = beginRun(state).of('a');
const routes = ['a', 'b'].map((owner) => processedIdsIn(state, owner, BOUNDS));
const marks = openSync(join(folder, 'marks'), 'a');
writeSync(marks, 'begin\n');
const waiting: Promise<void>[] = [];
for (let number = 1; number <= Number(count) && !over.signal.aborted; number += 1) {
  const ids = routes[number % 2];
  // Long enough that the log is copied into the file again and again.
  const entry = { id: String(number), lane: `key ${number % 50} ${'x'.repeat(700)}`, sequence: number };
  waiting.push(ids?.add(entry).then(() => void writeSync(marks, `e ${number}\n`)) ?? Promise.resolve());
  if (number % 500 === 0 && mode === '') suspects.enter(`s ${number}`);
  if (number % 10 === 0) await sleep(1);
  // A write that waits at the end would sync the file.
  if (mode === 'stops') {
    await waiting.at(-1);
    while (!over.signal.aborted && statSync(`${opened.file}-wal`).size >= CHECKPOINT_BYTES) await sleep(1);
  }
}
await Promise.all(waiting);
if (over.signal.aborted) opened.close();
process.stdout.write('done\n');
setInterval(() => {}, 60_000);
