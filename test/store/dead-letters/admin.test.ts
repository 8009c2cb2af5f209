import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import { openDeadLetterStore } from '../../../runtime/store/dead-letters/dead-letter-store.ts';
import { REPLAYS_IN_FLIGHT } from '../../../runtime/store/dead-letters/replay.ts';
import { type DeadLetterAdmin, openDeadLetterAdmin } from '../../../runtime/store/dead-letters/admin.ts';
import { openDatabase } from '../../../runtime/store/sqlite.ts';
import { patient } from '../../harness/patience.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { readLetters } from '../../host/memory-run.ts';
import { letterForTest } from '../letter.ts';

const ROOM = { messages: 1000, bytes: 1e9 };
const PLAIN = { rate: undefined, renewExpiryMs: undefined };
/** Layout 1: the first with a null body. */
const LAYOUT_1 = `CREATE TABLE dead_letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL, route TEXT NOT NULL, coordinates TEXT NOT NULL, id TEXT NOT NULL,
  address TEXT NOT NULL, key TEXT, headers TEXT NOT NULL, header_types TEXT, body BLOB,
  publisher_id TEXT, content_type TEXT, timestamp_ms INTEGER, expires_at_ms INTEGER,
  label TEXT, code TEXT NOT NULL, stage TEXT, position TEXT, text TEXT NOT NULL, cause TEXT,
  attempts INTEGER NOT NULL, trace_id TEXT, received_at_ms INTEGER NOT NULL, died_at_ms INTEGER NOT NULL
) STRICT; PRAGMA user_version = 1`;

function adminOf(folder: string): DeadLetterAdmin {
  const opened = openDeadLetterAdmin(folder);
  assert.ok(opened);
  return opened;
}

async function filled(folder: string, count: number): Promise<ReturnType<typeof openDeadLetterStore>> {
  const store = openDeadLetterStore(folder);
  const letters = Array.from({ length: count }, (_, n) =>
    store.record(letterForTest({ coordinates: `c${n + 1}`, key: `k${n % 2}`, diedAtMs: 1000 + n })),
  );
  await Promise.all(letters);
  return store;
}

test('a letter comes back as what it was: frame, id, attempts, the span in which it died', async () => {
  using folder = temporaryFolder('letters');
  const store = openDeadLetterStore(folder.path);
  const letter = letterForTest();
  await store.record(letter);
  const mark = adminOf(folder.path);
  const replay = store.replay('r');
  assert.equal(replay.isReady, false);
  mark.request({}, { name: 'q', ...PLAIN }, 1);
  await waitFor(() => replay.isReady, 2000, 'the bridge to notice');
  const [delivery] = replay.take(ROOM);
  assert.ok(delivery);
  const { frame, id, attempt } = delivery;
  assert.deepEqual(
    { ...frame, body: [...(frame.body ?? [])], expiresAtMs: undefined },
    { ...letter.frame, body: [...(letter.frame.body ?? [])], expiresAtMs: undefined },
  );
  assert.deepEqual([id, attempt], ['field:7', undefined]);
  assert.deepEqual(delivery.replay, {
    letter: 1,
    attempts: 3,
    receivedAtMs: 1_700_000_000_001,
    expiresAtMs: undefined,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    ended: { code: 'TRANSFORM_THREW', stage: 'function f' },
  });
  mark.close();
  store.close();
});

test('never more letters of a route are under way than the bound, nor more than there is room for', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, REPLAYS_IN_FLIGHT * 2);
  const mark = adminOf(folder.path);
  mark.request({}, { name: 'q', ...PLAIN }, 1);
  const replay = store.replay('r');
  await waitFor(() => replay.isReady, 2000, 'the bridge to notice');
  assert.equal(replay.take({ messages: 3, bytes: 1e9 }).length, 3);
  assert.equal(replay.take({ messages: 50, bytes: 1 }).length, 1, 'one alone may be larger');
  const rest = replay.take(ROOM);
  assert.equal(rest.length, REPLAYS_IN_FLIGHT - 4);
  assert.deepEqual([replay.isReady, replay.take(ROOM).length], [false, 0]);
  assert.deepEqual(mark.progress('q'), {
    requested: REPLAYS_IN_FLIGHT,
    issued: REPLAYS_IN_FLIGHT,
    done: 0,
    failed: 0,
  });
  for (const delivery of rest) delivery.settle({ kind: 'accept' });
  await waitFor(() => replay.isReady, 2000, 'room');
  assert.equal(mark.count({}), REPLAYS_IN_FLIGHT + 4);
  mark.close();
  store.close();
});

test('a rate holds for all letters of a process together, and no timer that comes early stops them', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, 30);
  const mark = adminOf(folder.path);
  mark.request({}, { name: 'q', rate: 40, renewExpiryMs: undefined }, 1);
  const replay = store.replay('r');
  let taken = 0;
  const startMs = performance.now();
  replay.onReady(() => {
    for (const delivery of replay.isReady ? replay.take(ROOM) : []) {
      taken += 1;
      delivery.settle({ kind: 'accept' });
    }
  });
  await waitFor(() => taken === 30, 5000, 'all of them');
  const seconds = (performance.now() - startMs) / 1000;
  assert.ok(seconds > 25 / 40 && seconds < patient(3), `${seconds} s`);
  mark.close();
  store.close();
});

test('each end is durable: gone, the same letter again, or asked for still', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, 4);
  const mark = adminOf(folder.path);
  mark.request({}, { name: 'q', ...PLAIN }, 1);
  const replay = store.replay('r');
  await waitFor(() => replay.isReady, 2000, 'the bridge to notice');
  const [first, second, third, fourth] = replay.take(ROOM);
  assert.ok(first && second && third && fourth);
  const cause = new SluiceError('TRANSFORM_THREW', 'worse');
  first.settle({ kind: 'accept' });
  await store.record(letterForTest({ number: 2, attempts: 9, failure: cause, diedAtMs: 5000 }));
  second.settle({ kind: 'reject', cause });
  third.settle({ kind: 'release' });
  // Written elsewhere: to the bus of the dead letters.
  fourth.settle({ kind: 'reject', cause });
  store.close();
  assert.deepEqual(mark.progress('q'), { requested: 1, issued: 0, done: 1, failed: 2 });
  assert.deepEqual(
    readLetters(folder.path).map((row) => [row['number'], row['attempts'], row['code'], row['coordinates']]),
    [
      [2, 9, 'TRANSFORM_THREW', 'c2'],
      [3, 3, 'TRANSFORM_THREW', 'c3'],
    ],
  );
  mark.close();
});

test('what was under way when the process ended goes again, and what was taken back does not', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, 3);
  const mark = adminOf(folder.path);
  mark.request({ numbers: [1, 2] }, { name: 'q', ...PLAIN }, 1);
  await waitFor(() => store.replay('r').isReady, 2000, 'the bridge to notice');
  assert.equal(store.replay('r').take({ messages: 1, bytes: 1e9 }).length, 1);
  // As after kill -9: nothing is settled, nothing closed.
  const next = openDeadLetterStore(folder.path);
  mark.withdraw('other');
  assert.deepEqual(
    next
      .replay('r')
      .take(ROOM)
      .map(({ id }) => id),
    ['c1', 'c2'],
  );
  mark.request({ numbers: [3] }, { name: 'p', ...PLAIN }, 1);
  mark.withdraw('p');
  assert.deepEqual(mark.progress('p'), { requested: 0, issued: 0, done: 0, failed: 0 });
  for (const one of [mark, next, store]) one.close();
});

test('asking twice is asking once; what is under way is not asked for again', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, 3);
  const mark = adminOf(folder.path);
  mark.request({}, { name: 'q', ...PLAIN }, 1);
  await waitFor(() => store.replay('r').isReady, 2000, 'the bridge to notice');
  store.replay('r').take({ messages: 1, bytes: 1e9 });
  assert.equal(mark.request({}, { name: 'p', ...PLAIN }, 2), 3);
  assert.deepEqual(mark.progress('p'), { requested: 2, issued: 1, done: 0, failed: 0 });
  assert.equal(store.replay('r').take(ROOM).length, 2);
  assert.equal(mark.discard({}), 0, 'nobody throws away what is on its way');
  mark.close();
  store.close();
});

test('a filter takes any number of values, and none of them is read as part of a statement', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, 4);
  const mark = adminOf(folder.path);
  const all = Array.from({ length: 40_000 }, (_, n) => n + 1);
  assert.equal(mark.count({ numbers: all }), 4);
  assert.equal(mark.count({ keys: ["' OR 1=1 --", 'k1'] }), 2);
  assert.equal(mark.count({ codes: ['TRANSFORM_THREW'], sinceMs: 1001, untilMs: 1003 }), 2);
  assert.equal(mark.count({ routes: [] }), 0);
  assert.deepEqual(
    [...mark.each({ keys: ['k0'] })].map(({ number }) => number),
    [1, 3],
  );
  mark.close();
  store.close();
});

test('letters of layout 1 are kept, listed by their key, replayed and bounded', async () => {
  using folder = temporaryFolder('letters');
  const old = openDatabase(`${folder.path}/dead-letters.sqlite`);
  old.exec(LAYOUT_1);
  old.exec(`INSERT INTO dead_letters VALUES (7, 'p', 'r', 'c7', 'p/r/c7', 'a', 'k', '[["h",["v"]]]', NULL, x'7b7d', NULL, NULL, NULL,
    NULL, 'S', 'DECODE_FAILED', NULL, NULL, 'text', NULL, 2, NULL, 1, 2)`);
  old.close();
  // Whoever comes first renews it: the command too.
  const mark = adminOf(folder.path);
  assert.deepEqual(
    mark.list({ keys: ['k'] }, 10).map(({ number, attempts, bytes }) => [number, attempts, bytes]),
    [[7, 2, 2 + 13 + 4 + 1 + 1]],
  );
  const store = openDeadLetterStore(folder.path);
  assert.deepEqual(store.counts('r').letters, 1);
  await store.record(letterForTest());
  assert.deepEqual(
    mark.list({}, 10).map(({ number }) => number),
    [7, 8],
  );
  mark.request({ numbers: [7] }, { name: 'q', ...PLAIN }, 1);
  await waitFor(() => store.replay('r').isReady, 2000, 'the bridge to notice');
  assert.equal(store.replay('r').take(ROOM)[0]?.frame.headers.get('h')?.[0], 'v');
  mark.close();
  store.close();
});

test('while a command writes, letters that come wait for it and none is lost', async () => {
  using folder = temporaryFolder('letters');
  const store = await filled(folder.path, 3);
  const other = openDatabase(`${folder.path}/dead-letters.sqlite`);
  other.exec('BEGIN IMMEDIATE; UPDATE dead_letters SET attempts = 7');
  const recording = store.record(letterForTest());
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 5);
  await new Promise((resolve) => setTimeout(resolve, 600));
  clearInterval(ticking);
  assert.ok(turns > 10, `the process stood still: ${turns} turns`);
  assert.equal(store.count(), 3);
  other.exec('COMMIT');
  other.close();
  await recording;
  assert.equal(store.count(), 4);
  store.close();
});
