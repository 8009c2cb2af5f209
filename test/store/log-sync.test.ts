import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GroupCommit } from '../../runtime/store/group-commit.ts';
import { LogSync } from '../../runtime/store/log-sync.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { WatchedDatabase } from '../../runtime/store/watched-database.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { GivenDisk } from './given-disk.ts';

function openedIn(folder: string) {
  const path = join(folder, 'x.sqlite');
  const rewritten: string[] = [];
  const database = new WatchedDatabase(path, {
    open(file) {
      const opened = openDatabase(file);
      opened.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (n INTEGER, text)',
      );
      return opened;
    },
    onRewritten: (file) => rewritten.push(file),
  });
  const disk = new GivenDisk();
  const log = new LogSync(database, disk.sync, disk.syncNow);
  const commits = new GroupCommit(database, log);
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)');
  const pad = 'x'.repeat(10_000);
  return {
    path,
    database,
    disk,
    log,
    commits,
    rewritten,
    add: (n: number): Promise<void> => commits.add(() => insert.run(n, pad)),
    numbers: (): unknown[] =>
      database
        .prepare('SELECT n FROM t ORDER BY n')
        .all()
        .map(({ n }) => n),
    synchronous: (): unknown => Object.values(database.prepare('PRAGMA synchronous').get() ?? {})[0],
    close: (): void => {
      commits.flush();
      database.close();
      log.close();
    },
  };
}

test('a write is told durable once the disk has synced it, and those that come meanwhile share the next transaction', async () => {
  using folder = temporaryFolder('log-sync');
  const { add, disk, close, numbers } = openedIn(folder.path);
  const told: number[] = [];
  const all = [1, 2, 3].map((n) => add(n).then(() => told.push(n)));
  await disk.busy();
  all.push(add(4).then(() => told.push(4)));
  all.push(add(5).then(() => told.push(5)));
  assert.deepEqual([told, numbers()], [[], [1, 2, 3]]);
  await disk.next();
  assert.deepEqual(told, [1, 2, 3]);
  await disk.next();
  await Promise.all(all);
  assert.deepEqual(told, [1, 2, 3, 4, 5]);
  assert.equal(disk.syncs.length, 0, 'one sync for both');
  close();
});

test('a group whose sync fails is refused, and before the next one is written the file is made anew with all that it holds', async () => {
  using folder = temporaryFolder('log-sync');
  const { add, disk, close, numbers, path, rewritten } = openedIn(folder.path);
  const first = add(1);
  await disk.next();
  await first;
  const { ino } = statSync(path);
  const failed = assert.rejects(add(2), /EIO/);
  await disk.next('fail');
  await failed;
  const next = add(3);
  await disk.next();
  await next;
  assert.notEqual(statSync(path).ino, ino, 'what the disk has dropped is in another file');
  assert.deepEqual(numbers(), [1, 2, 3]);
  assert.deepEqual(rewritten, [], 'no file was removed');
  close();
});

test('a write that waits for the disk itself finds the database at full synchronisation, whatever became of the writes before', async () => {
  using folder = temporaryFolder('log-sync');
  const { add, commits, disk, close, synchronous } = openedIn(folder.path);
  assert.equal(synchronous(), 2);
  const first = add(1);
  await disk.busy();
  assert.equal(synchronous(), 2);
  await disk.next();
  await first;
  const failure = new Error('no row');
  await assert.rejects(
    commits.add(() => {
      throw failure;
    }),
    failure,
  );
  assert.equal(synchronous(), 2);
  close();
});

test('another write while the file is synced goes on, and the log is emptied at a later time', async () => {
  using folder = temporaryFolder('log-sync');
  const { add, database, disk, close, numbers, path } = openedIn(folder.path);
  const all = Array.from({ length: 256 }, (_, n) => add(n));
  await disk.next();
  await Promise.all(all);
  await disk.busy();
  const size = (): number => statSync(`${path}-wal`).size;
  assert.ok(size() > 2 ** 21, 'the content is in the file, and the file is not synced');
  database.prepare('INSERT INTO t VALUES (?, ?)').run(1000, 'another');
  await disk.next();
  assert.ok(size() > 2 ** 21, 'the log is in use again');
  const last = add(1001);
  await disk.next();
  await last;
  assert.ok(size() < 2 ** 21, 'it was emptied');
  assert.deepEqual(numbers().slice(-2), [1000, 1001]);
  close();
});

test('at the end everything is durable at once, while a sync is at work too', async () => {
  using folder = temporaryFolder('log-sync');
  const { add, disk, close } = openedIn(folder.path);
  const first = add(1);
  await disk.busy();
  const second = add(2);
  close();
  await Promise.all([first, second]);
  await disk.next();
  const again = openedIn(folder.path);
  assert.deepEqual(again.numbers(), [1, 2]);
  again.close();
});

/** A group that fills the log, so that it is copied into the file. */
function filled({ add }: ReturnType<typeof openedIn>): Promise<unknown> {
  return Promise.all(Array.from({ length: 256 }, (_, n) => add(n)));
}

/** Such a group is durable, the log is copied into the file, and the sync of the file is waited for. */
async function copied(opened: ReturnType<typeof openedIn>): Promise<void> {
  const group = filled(opened);
  await opened.disk.next();
  await group;
  await opened.disk.busy();
}

test('what another write has appended without a sync is synced before the log is copied into the file', async () => {
  using folder = temporaryFolder('log-sync');
  const opened = openedIn(folder.path);
  const { database, disk, path, close } = opened;
  const group = filled(opened);
  await disk.busy();
  // As crash suspects are removed.
  database.exec('PRAGMA synchronous = NORMAL');
  database.prepare('INSERT INTO t VALUES (?, ?)').run(1000, 'without sync');
  database.exec('PRAGMA synchronous = FULL');
  const before = readFileSync(path);
  await disk.next();
  await group;
  await disk.busy();
  assert.equal(disk.syncs[0]?.inode, statSync(`${path}-wal`).ino);
  assert.deepEqual(readFileSync(path), before, 'nothing is in the file');
  await disk.next();
  await disk.busy();
  assert.equal(disk.syncs[0]?.inode, statSync(path).ino);
  await disk.next();
  await disk.next();
  assert.equal(statSync(`${path}-wal`).size, 0);
  close();
});

test('a write after a sync of the file that failed finds the file made anew, and not the log used again', async () => {
  using folder = temporaryFolder('log-sync');
  const opened = openedIn(folder.path);
  const { database, disk, path, close, numbers } = opened;
  await copied(opened);
  await disk.next('fail');
  const { ino } = statSync(path);
  database.prepare('INSERT INTO t VALUES (?, ?)').run(1000, 'another');
  assert.notEqual(statSync(path).ino, ino);
  assert.deepEqual([numbers().length, numbers().at(-1)], [257, 1000]);
  close();
});

test('an end after a sync of the file that failed leaves a file made anew', async () => {
  using folder = temporaryFolder('log-sync');
  const opened = openedIn(folder.path);
  const { disk, path, close } = opened;
  await copied(opened);
  await disk.next('fail');
  const { ino } = statSync(path);
  close();
  assert.notEqual(statSync(path).ino, ino);
  const again = openedIn(folder.path);
  assert.equal(again.numbers().length, 256);
  again.close();
});

test('a write that fails while the file is synced leaves no log to be used again without a sync', async () => {
  using folder = temporaryFolder('log-sync');
  const opened = openedIn(folder.path);
  const { add, database, disk, path, close } = opened;
  await copied(opened);
  database.exec('BEGIN IMMEDIATE');
  database.exec('ROLLBACK');
  await disk.next();
  const last = add(1000);
  await disk.busy();
  assert.ok(statSync(`${path}-wal`).size < 2 ** 21, 'it was emptied, and that was synced');
  await disk.next();
  await last;
  close();
});

test('other writes that go on hold back no group', async () => {
  using folder = temporaryFolder('log-sync');
  const opened = openedIn(folder.path);
  const { add, database, disk, close, numbers } = opened;
  const another = (n: number): void => void database.prepare('INSERT INTO t VALUES (?, ?)').run(n, 'another');
  const group = filled(opened);
  await disk.busy();
  another(1000);
  await disk.next();
  await group;
  // The log is synced for what is written beside the groups.
  await disk.busy();
  another(1001);
  const next = add(1002);
  await disk.next();
  await disk.busy();
  assert.equal(numbers().at(-1), 1002, 'it is written, and the disk syncs it');
  await disk.next();
  await next;
  close();
});

test('a log is not emptied once a sync of the file has failed, whatever a later one says', async () => {
  using folder = temporaryFolder('log-sync');
  const opened = openedIn(folder.path);
  const { add, database, disk, path, close, numbers } = opened;
  await copied(opened);
  disk.failsNow = true;
  assert.throws(() => database.prepare('INSERT INTO t VALUES (?, ?)').run(1000, 'another'), /EIO/);
  disk.failsNow = false;
  const { ino } = statSync(path);
  await disk.next();
  assert.ok(statSync(`${path}-wal`).size > 2 ** 21);
  const last = add(1001);
  await disk.next();
  await last;
  assert.notEqual(statSync(path).ino, ino, 'the file was made anew');
  assert.equal(numbers().length, 257);
  close();
});

test('a database whose end cannot be made durable is closed, and the cause is told', () => {
  using folder = temporaryFolder('log-sync');
  const { database } = openedIn(folder.path);
  database.beforeWrite = () => {
    throw new Error('EIO');
  };
  assert.throws(() => database.close(), /EIO/);
  assert.equal(database.isOpen, false);
});
