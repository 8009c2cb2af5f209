import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ERRORS, SluiceError } from '../../runtime/contract/errors.ts';
import { openDeadLetterStore } from '../../runtime/store/dead-letters/dead-letter-store.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { takeStateFolder } from '../../runtime/store/state-folder.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { readLetters } from '../host/memory-run.ts';
import { startNode } from '../harness/sluice-process.ts';
import { letterForTest } from './letter.ts';

const OLD_TABLE = `CREATE TABLE dead_letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL, route TEXT NOT NULL, coordinates TEXT NOT NULL, id TEXT NOT NULL,
  address TEXT NOT NULL, key TEXT, headers TEXT NOT NULL, body BLOB NOT NULL,
  publisher_id TEXT, content_type TEXT, timestamp_ms INTEGER, expires_at_ms INTEGER,
  label TEXT, code TEXT NOT NULL, stage TEXT, position TEXT, text TEXT NOT NULL, cause TEXT,
  attempts INTEGER NOT NULL, trace_id TEXT, received_at_ms INTEGER NOT NULL, died_at_ms INTEGER NOT NULL
) STRICT`;

const WRITER = resolve(import.meta.dirname, 'writer.ts');

function failureOf(run: () => unknown): SluiceError {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: 'expected it to throw' });
}

test('a letter holds everything: coordinates, bytes, repeated headers, cause, attempts, times', async () => {
  using folder = temporaryFolder('state');
  const store = openDeadLetterStore(folder.path);
  const letter = letterForTest();
  await store.record(letter);
  assert.equal(store.count(), 1);
  store.close();
  const [row = {}] = readLetters(folder.path);
  const { body, headers, header_types: headerTypes, bytes, ...rest } = row;
  const chosen = ['address', 'key', 'content_type', 'publisher_id'].map((name) => row[name] ?? '');
  const texts = [headers, row['text'], row['cause'], ...chosen].map((text) => Buffer.byteLength(String(text)));
  assert.equal(
    bytes,
    texts.reduce((sum, length) => sum + length, 256),
  );
  assert.deepEqual(body, letter.frame.body);
  assert.deepEqual(new Map(JSON.parse(String(headers))), letter.frame.headers);
  assert.deepEqual(JSON.parse(String(headerTypes)), [['odd', ['json']]]);
  assert.ok(Math.abs(Number(row['kept_at_ms']) - Date.now()) < 60_000, 'it begins to age now');
  assert.deepEqual(rest, {
    number: 1,
    pipeline: 'p',
    route: 'r',
    coordinates: 'field:7',
    id: 'p/r/field:7',
    address: 'in/a',
    key: 'a',
    publisher_id: 'publisher-1',
    content_type: 'application/octet-stream',
    timestamp_ms: 1_700_000_000_000,
    stamped_by: 'server',
    expires_at_ms: 1_700_000_030_000,
    label: 'S;REL=A',
    code: 'TRANSFORM_THREW',
    stage: 'function f',
    position: 'functions/f.ts:1:2',
    text: 'f threw Error: x',
    cause: 'Error: x\n    at functions/f.ts:1:2',
    attempts: 3,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    route_key: 'unit a',
    schema: 's.v1',
    pointer: '/a/0',
    kept_at_ms: row['kept_at_ms'],
    received_at_ms: 1_700_000_000_001,
    died_at_ms: 1_700_000_000_002,
  });
});

test('what a publisher may leave out or overdo is written all the same', async () => {
  using folder = temporaryFolder('state');
  const store = openDeadLetterStore(folder.path);
  const bare = {
    ...letterForTest().frame,
    key: undefined,
    headers: new Map(),
    body: new Uint8Array(),
    id: undefined,
    contentType: undefined,
    timestampMs: Number.NaN,
    expiresAtMs: 1e300,
  };
  await store.record(letterForTest({ frame: bare, label: undefined, traceId: undefined }));
  store.close();
  const [row] = readLetters(folder.path);
  assert.deepEqual(row?.['body'], new Uint8Array());
  assert.deepEqual([row?.['expires_at_ms'], row?.['timestamp_ms'], row?.['key']], [null, null, null]);
});

test('a letter that the store refuses fails alone', async () => {
  using folder = temporaryFolder('state');
  const store = openDeadLetterStore(folder.path);
  const impossible = letterForTest({ attempts: 0.5 });
  const [first, second, third] = await Promise.allSettled([
    store.record(letterForTest()),
    store.record(impossible),
    store.record(letterForTest()),
  ]);
  store.close();
  assert.deepEqual([first?.status, second?.status, third?.status], ['fulfilled', 'rejected', 'fulfilled']);
  assert.equal(readLetters(folder.path).length, 2);
});

test('letters that are written while the store closes are written', async () => {
  using folder = temporaryFolder('state');
  const store = openDeadLetterStore(folder.path);
  const writing = store.record(letterForTest());
  store.close();
  await writing;
  assert.equal(readLetters(folder.path).length, 1);
  await assert.rejects(store.record(letterForTest()), { code: 'STATE_UNUSABLE' });
});

test('a folder is held by one process, which the second one names; after kill -9 it is free, and its letters are there', async () => {
  using folder = temporaryFolder('state');
  const state = join(folder.path, 'deep', 'state');
  await using holder = startNode([WRITER, state, '25']);
  await waitFor(() => holder.stdout().includes('settled 25'), 20_000, 'the letters to be written');
  const failure = failureOf(() => takeStateFolder(state));
  assert.equal(failure.code, 'STATE_LOCKED');
  assert.match(failure.message, new RegExp(`held by process ${holder.child.pid} on `));
  assert.match(ERRORS.STATE_LOCKED.remedy, /--state/);
  holder.signal('SIGKILL');
  await holder.ended();
  const taken = takeStateFolder(state);
  assert.equal(taken.isNew, false);
  assert.equal(readLetters(state).length, 25);
  taken.release();
});

test('letters survive a kill -9 that comes the moment their delivery was settled', async () => {
  using folder = temporaryFolder('state');
  await using holder = startNode([WRITER, folder.path, '100000']);
  await waitFor(() => holder.stdout().includes('settled 20'), 20_000, 'some letters');
  holder.signal('SIGKILL');
  await holder.ended();
  const settled = holder.stdout().trim().split('\n').length - 1;
  const written = readLetters(folder.path).length;
  assert.ok(written === settled || written === settled + 1, `${settled} settled, ${written} written`);
});

test('within one process a folder is held once as well, until it is released', () => {
  using folder = temporaryFolder('state');
  const state = join(folder.path, 'new');
  const first = takeStateFolder(state);
  assert.equal(first.isNew, true);
  assert.equal(failureOf(() => takeStateFolder(state)).code, 'STATE_LOCKED');
  first.release();
  takeStateFolder(state).release();
});

test('what cannot be a state folder is told with its path', () => {
  using folder = temporaryFolder('state');
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  const noFolder = failureOf(() => takeStateFolder(join(file, 'state')));
  assert.equal(noFolder.code, 'STATE_UNUSABLE');
  assert.match(noFolder.message, /file\/state/);
  mkdirSync(join(folder.path, 'a', 'holder'), { recursive: true });
  assert.equal(failureOf(() => takeStateFolder(join(folder.path, 'a'))).code, 'STATE_UNUSABLE');
  mkdirSync(join(folder.path, 'b', 'lock.sqlite'), { recursive: true });
  assert.equal(failureOf(() => takeStateFolder(join(folder.path, 'b'))).code, 'STATE_UNUSABLE');
  mkdirSync(join(folder.path, 'dead-letters.sqlite'));
  const noDatabase = failureOf(() => openDeadLetterStore(folder.path));
  assert.equal(noDatabase.code, 'STATE_UNUSABLE');
  assert.match(noDatabase.message, /dead-letters\.sqlite/);
});

test('letters of version 0.1 are kept, and a null body has a place beside them', async () => {
  using folder = temporaryFolder('state');
  const path = join(folder.path, 'dead-letters.sqlite');
  const old = openDatabase(path);
  old.exec(OLD_TABLE);
  old.exec(`INSERT INTO dead_letters VALUES (7, 'p', 'r', 'c', 'i', 'a', NULL, '[]', x'00ff', NULL, NULL, NULL, NULL,
    NULL, 'DECODE_FAILED', NULL, NULL, 't', NULL, 1, NULL, 1, 2)`);
  old.close();
  for (const count of [2, 3]) {
    const store = openDeadLetterStore(folder.path);
    await store.record(letterForTest({ frame: { ...letterForTest().frame, body: null } }));
    assert.equal(store.count(), count);
    store.close();
  }
  const [first, second] = readLetters(folder.path);
  assert.deepEqual(
    [first?.['number'], first?.['body'], first?.['code']],
    [7, new Uint8Array([0, 255]), 'DECODE_FAILED'],
  );
  assert.deepEqual([second?.['number'], second?.['body']], [8, null]);
});

test('on a full disk letters are refused, and written once there is room again', async (t) => {
  using folder = temporaryFolder('state');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder.path], { stdio: 'ignore' });
  } catch {
    t.skip('a small disk cannot be made here: needs the right to mount');
    return;
  }
  try {
    const store = openDeadLetterStore(folder.path);
    const large = letterForTest({ frame: { ...letterForTest().frame, body: new Uint8Array(1024 * 1024) } });
    await assert.rejects(store.record(large), { code: 'STATE_UNUSABLE', message: /dead-letters\.sqlite, found / });
    await store.record(letterForTest());
    store.close();
    assert.equal(readLetters(folder.path).length, 1);
  } finally {
    execFileSync('umount', [folder.path]);
  }
});
