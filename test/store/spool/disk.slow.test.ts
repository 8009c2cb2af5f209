import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { ACCEPT, type Delivery } from '../../../runtime/contract/delivery.ts';
import type { SpoolSource } from '../../../runtime/store/spool/spool-source.ts';
import { frameForTest } from '../../engine/route-for-test.ts';
import { NO_MOUNT, smallDisk } from '../../harness/small-disk.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { startNode } from '../../harness/sluice-process.ts';
import { fileIn, guarded, MIB, openIn, spoolIn, textsIn } from './spool-fixture.ts';

const DEADLINE_MS = 30_000;
const FILLER = resolve(import.meta.dirname, 'filler.ts');

const numberOf = ({ frame }: Delivery): number => Number.parseInt(Buffer.from(frame.body ?? []).toString(), 10);

/** Sends on and settles what comes, until `isOver`; returns the numbers of the messages. */
async function sent(spool: SpoolSource, isOver: (count: number) => boolean): Promise<number[]> {
  const numbers: number[] = [];
  const { signal } = new AbortController();
  while (!isOver(numbers.length)) {
    for (const delivery of await spool.read({ messages: 100, bytes: MIB }, signal)) {
      numbers.push(numberOf(delivery));
      delivery.settle(ACCEPT);
    }
    await new Promise(setImmediate);
  }
  return numbers;
}

function upTo(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function messages(from: number, count: number) {
  return upTo(count, from).map((number) => frameForTest('in/a', `${number} ${'x'.repeat(1500)}`));
}

test('a spool that has filled its disk and was killed there sends on everything it took, and takes in again', async (t) => {
  using disk = smallDisk('50m');
  if (disk === undefined) {
    t.skip(NO_MOUNT);
    return;
  }
  await using filler = startNode([FILLER, disk.path]);
  await waitFor(() => filler.stdout().includes('full'), DEADLINE_MS, 'the disk to be full');
  filler.signal('SIGKILL');
  await filler.ended();
  const accepted = Number(/full (\d+)/.exec(filler.stdout())?.[1]);
  assert.ok(accepted > 10_000, `${accepted} accepted`);
  const { spool, source, store, pauses } = spoolIn(disk.path, { maxBytes: 1024 * MIB, services: guarded(disk.path) });
  const found = store.messages;
  assert.ok(found >= accepted, `${found} of ${accepted} are there`);
  source.give(messages(100_001, 500));
  const numbers = await sent(spool, (count) => count === found + 500);
  assert.deepEqual(numbers, [...upTo(found), ...upTo(500, 100_001)]);
  await waitFor(() => store.messages === 0 && source.settled.length === 500, DEADLINE_MS, 'the spool to be empty');
  assert.ok(pauses.length === 0 || pauses.at(-1) === 'over', pauses.join());
  assert.ok(statSync(fileIn(disk.path)).size < 30 * MIB, 'the disk has its room back');
  await spool.close();
});

test('on a disk that others have filled to the last byte, what lies in the spool leaves all the same', async (t) => {
  using disk = smallDisk('32m');
  if (disk === undefined) {
    t.skip(NO_MOUNT);
    return;
  }
  const { spool, source, store, pauses, said } = spoolIn(disk.path, { services: guarded(disk.path) });
  source.give(messages(1, 5000));
  // One is lent, so that the intake is at work.
  const [first] = await spool.read({ messages: 1, bytes: MIB }, new AbortController().signal);
  await waitFor(() => source.settled.length === 5000, DEADLINE_MS, 'all to be taken in');
  const ballast = join(disk.path, 'ballast');
  for (const size of [65_536, 4096, 1]) {
    assert.throws(() => {
      for (;;) appendFileSync(ballast, new Uint8Array(size));
    });
  }
  source.give(messages(5001, 100));
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  assert.deepEqual([pauses, source.settled.length], [['unwritable'], 5000]);
  assert.match(said[0] ?? '', /too little to take anything in/);
  first?.settle(ACCEPT);
  // What leaves may make room for the last ones before the ballast is gone.
  const numbers = await sent(spool, (count) => count >= 4999);
  await waitFor(() => store.messages < 1000, DEADLINE_MS, 'what was sent to leave');
  rmSync(ballast);
  numbers.push(...(await sent(spool, (count) => count === 5099 - numbers.length)));
  assert.deepEqual(numbers, upTo(5099, 2));
  await waitFor(() => source.settled.length === 5100 && store.messages === 0, DEADLINE_MS, 'all to have left');
  assert.equal(pauses.at(-1), 'over');
  await spool.close();
});

test('a spool whose folder is deleted under it is there again, with all it took, before anything more is accepted', async () => {
  using folder = temporaryFolder('spool');
  const at = join(folder.path, 'deep', 'spool');
  mkdirSync(at, { recursive: true });
  const { spool, source, store, pauses } = spoolIn(at, { services: guarded(at) });
  source.give(messages(1, 300));
  void spool.read({ messages: 1, bytes: MIB }, new AbortController().signal);
  await waitFor(() => source.settled.length === 300, DEADLINE_MS, 'the first to be accepted');
  for (const [round, gone] of [at, fileIn(at), `${fileIn(at)}-wal`, dirname(at)].entries()) {
    rmSync(gone, { recursive: true });
    source.give(messages(301 + round * 300, 300));
    await waitFor(() => source.settled.length === 600 + round * 300, DEADLINE_MS, 'the next to be accepted');
    assert.ok(existsSync(fileIn(at)) && existsSync(`${fileIn(at)}-wal`));
    assert.equal(statSync(at).mode & 0o777, 0o700);
    assert.equal(statSync(fileIn(at)).mode & 0o777, 0o600);
  }
  assert.deepEqual(pauses, []);
  assert.equal(store.messages, 1500);
  await spool.close();
  const again = openIn(at).store;
  assert.deepEqual(
    textsIn(again).map((text) => Number.parseInt(text, 10)),
    upTo(1500),
  );
  again.close();
});

test('a file that was written anew keeps its bound, and gives its pages back', async () => {
  using folder = temporaryFolder('spool');
  const at = join(folder.path, 'spool');
  mkdirSync(at);
  const { store } = openIn(at, { maxBytes: 2 * MIB }, guarded(at));
  store.commit([], [1]);
  rmSync(at, { recursive: true });
  let left = 0;
  for (let round = 0; left === 0 && round < 100; round += 1) {
    const body = new Uint8Array(20_000);
    const arrivals = upTo(10).map((n) => ({
      message: {
        id: `${round}.${n}`,
        attempt: 1,
        lane: undefined,
        arrivedAtMs: 1,
        frame: frameForTest('in/a', '', { body }),
      },
      lane: undefined,
      rank: undefined,
    }));
    left = store.commit(arrivals, []).left.length;
  }
  assert.ok(left > 0 && store.isFull && store.bytes <= 2 * MIB, `${store.bytes} bytes`);
  store.close();
});

test('while another file lies in its place a spool accepts nothing and says so; when its own is back it goes on', async () => {
  using folder = temporaryFolder('spool');
  const file = fileIn(folder.path);
  const { spool, source, pauses, said } = spoolIn(folder.path, { services: guarded(folder.path) });
  source.give(messages(1, 10));
  const reading = sent(spool, (count) => count === 30);
  await waitFor(() => source.settled.length === 10, DEADLINE_MS, 'the first to be accepted');
  renameSync(file, `${file}.away`);
  writeFileSync(file, 'of somebody else');
  source.give(messages(11, 20));
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  assert.deepEqual([source.settled.length, pauses], [10, ['unwritable']]);
  assert.match(said[0] ?? '', /another file in the place of .*spool-r\.sqlite/);
  renameSync(`${file}.away`, file);
  assert.deepEqual(await reading, upTo(30));
  await waitFor(() => source.settled.length === 30, DEADLINE_MS, 'the rest to be accepted');
  assert.deepEqual(pauses, ['unwritable', 'over']);
  await spool.close();
});

test('while its disk is away a spool accepts nothing and writes nothing where the disk was; when it is back it goes on', async (t) => {
  using disk = smallDisk('32m');
  if (disk === undefined) {
    t.skip(NO_MOUNT);
    return;
  }
  const { spool, source, store, pauses, said } = spoolIn(disk.path, { services: guarded(disk.path) });
  source.give(messages(1, 100));
  const reading = sent(spool, (count) => count === 200);
  await waitFor(() => source.settled.length === 100 && store.messages === 0, DEADLINE_MS, 'the first to pass');
  disk.unplug();
  source.give(messages(101, 100));
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  assert.match(said[0] ?? '', /no file .*spool-r\.sqlite.*the disk is another one/);
  assert.deepEqual([source.settled.length, readdirSync(disk.path)], [100, []]);
  disk.plug();
  assert.deepEqual(await reading, upTo(200));
  await waitFor(() => source.settled.length === 200 && store.messages === 0, DEADLINE_MS, 'the rest to pass');
  assert.deepEqual(pauses, ['unwritable', 'over']);
  await spool.close();
});
