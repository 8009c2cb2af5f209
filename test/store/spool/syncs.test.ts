import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPT } from '../../../runtime/contract/delivery.ts';
import { LogSync } from '../../../runtime/store/log-sync.ts';
import { WatchedDatabase } from '../../../runtime/store/watched-database.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { GivenDisk } from '../given-disk.ts';
import { begun, frames, lent, textOf } from './read-messages.ts';
import { MIB, openIn, spoolIn, textsIn } from './spool-fixture.ts';

const DEADLINE_MS = 5000;

/** A spool on a disk whose syncs end as a test wants. */
function onGivenDisk(folder: string, window = { messages: 100, bytes: MIB }) {
  const disk = new GivenDisk();
  const watch = (path: string, open: ConstructorParameters<typeof WatchedDatabase>[1]['open']) =>
    new WatchedDatabase(path, { open });
  const syncing = (database: object) =>
    database instanceof WatchedDatabase ? new LogSync(database, disk.sync) : undefined;
  return { disk, ...spoolIn(folder, { window, services: { watch, syncing } }) };
}

test('a message that the disk has not synced is neither settled nor lent', async () => {
  using folder = temporaryFolder('spool');
  const { disk, source, spool, store } = onGivenDisk(folder.path);
  source.give(frames('a', 'b'));
  const reading = begun(spool);
  await disk.busy();
  assert.deepEqual([store.messages, source.settled.length], [2, 0]);
  let isLent = false;
  void reading.then(() => (isLent = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isLent, false);
  await disk.next();
  assert.equal((await reading)?.id, 's:1');
  assert.equal(source.settled.length, 2);
  await spool.close();
});

test('while the disk syncs the source is read on, and never for more than its window with what is not synced', async () => {
  using folder = temporaryFolder('spool');
  const { disk, source, spool, store } = onGivenDisk(folder.path, { messages: 10, bytes: MIB });
  source.give(frames(...Array.from({ length: 50 }, (_, n) => `m${n}`)));
  void begun(spool);
  for (let synced = 0; source.settled.length < 50; synced += 1) {
    await disk.busy();
    const unsettled = 50 - source.unread - source.settled.length;
    assert.ok(unsettled <= 10, `${unsettled} unsettled`);
    await disk.next();
    assert.ok(synced < 50);
  }
  assert.equal(store.messages, 50);
  await spool.close();
});

test('after a sync that failed nothing is settled until all is on the disk, and each message is there once', async () => {
  using folder = temporaryFolder('spool');
  const { disk, source, spool, pauses, said } = onGivenDisk(folder.path);
  source.give(frames('a', 'b'));
  const reading = lent(spool, 2);
  await disk.next('fail');
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  assert.deepEqual([pauses, source.settled], [['unwritable'], []]);
  assert.match(said.join(), /EIO/);
  // The file is written anew, which needs no further sync.
  assert.deepEqual((await reading).map(textOf), ['a', 'b']);
  assert.deepEqual([pauses, source.settled.length], [['unwritable', 'over'], 2]);
  await spool.close();
  const again = openIn(folder.path).store;
  assert.deepEqual(textsIn(again), ['a', 'b']);
  again.close();
});

test('the end waits for the sync that is at work and for the one behind it; what a failing disk has not kept is not settled', async () => {
  using folder = temporaryFolder('spool');
  for (const end of ['end', 'fail'] as const) {
    const { disk, source, spool } = onGivenDisk(folder.path);
    source.give(frames('a'));
    const reading = lent(spool, 1);
    await disk.next();
    const [a] = await reading;
    source.give(frames('b'));
    await disk.busy();
    a?.settle(ACCEPT);
    const closing = spool.close();
    await disk.next(end);
    const ending = setInterval(() => disk.syncs.shift()?.end(), 1);
    await closing;
    clearInterval(ending);
    assert.deepEqual(
      source.settled.map(({ id }) => id),
      end === 'end' ? ['s:1', 's:2'] : ['s:1'],
    );
  }
});
