import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDeadLetterAdmin } from '../../runtime/store/dead-letters/admin.ts';
import { openPipelineState, type PipelineState } from '../../runtime/store/pipeline-state.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { openIn } from './spool/spool-fixture.ts';
import { letterForTest } from './letter.ts';

/** Every file open, and something in each: what lies beside a database is there too. */
async function used(path: string): Promise<{ readonly state: PipelineState; readonly said: readonly string[] }> {
  const said: string[] = [];
  const say = (event: string): void => void said.push(event);
  const state = openPipelineState(path, { info: say, warn: say, error: say });
  await state.deadLetters.record(letterForTest());
  await state.processedIds('r', { most: 10, windowMs: undefined }).add({ id: 'a' });
  state.checkpoint('a').write('x');
  state.suspects().of('r').enter('a');
  return { state, said };
}

function modes(path: string): Record<string, string> {
  const rights = (at: string): string => (lstatSync(at).mode & 0o7777).toString(8);
  return Object.fromEntries([
    ['.', rights(path)],
    ...readdirSync(path).map((name) => [name, rights(join(path, name))]),
  ]);
}

function assertPrivate(path: string): void {
  const found = modes(path);
  assert.ok(Object.keys(found).length >= 6, Object.keys(found).join());
  for (const [name, mode] of Object.entries(found)) assert.equal(mode, name === '.' ? '700' : '600', name);
}

test("a state folder is its owner's alone, and so is every file in it, whatever the umask", async () => {
  using folder = temporaryFolder('private');
  const before = process.umask();
  try {
    for (const mask of [0, 0o022, 0o077, 0o177]) {
      process.umask(mask);
      const path = join(folder.path, mask.toString(8));
      const { state } = await used(path);
      const { store } = openIn(path);
      store.commit([], [1]);
      assertPrivate(path);
      assert.ok(readdirSync(path).filter((name) => /-(?:wal|shm)$/.test(name)).length >= 5);
      store.close();
      state.close();
      assertPrivate(path);
    }
  } finally {
    process.umask(before);
  }
});

test('what an earlier version left open to others is closed to them', async () => {
  using folder = temporaryFolder('private');
  const path = join(folder.path, 'state');
  (await used(path)).state.close();
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) chmodSync(join(path, name), 0o644);
  const { state, said } = await used(path);
  assertPrivate(path);
  assert.deepEqual(said, []);
  state.close();
});

test('a folder that holds other files too keeps its rights, and that is said; the files of the bridge are its own', async () => {
  using folder = temporaryFolder('private');
  const path = join(folder.path, 'state');
  mkdirSync(path);
  writeFileSync(join(path, 'theirs'), '');
  chmodSync(path, 0o755);
  const { state, said } = await used(path);
  assert.deepEqual(said, ['state-folder-exposed']);
  const { '.': own, theirs, ...files } = modes(path);
  assert.deepEqual([own, theirs], ['755', '644']);
  assert.ok(Object.values(files).every((mode) => mode === '600'));
  state.close();
});

const NAMES = ['lock.sqlite', 'holder', 'stamps.json', 'dead-letters.sqlite', 'state.sqlite'];
const SIDECARS = [
  'dead-letters.sqlite-wal',
  'dead-letters.sqlite-shm',
  'dead-letters.sqlite-journal',
  'stamps.json.new',
];

test('a link in the place of any file of the folder is refused under a code of its own, and what it leads to is untouched', async () => {
  using folder = temporaryFolder('private');
  for (const name of [...NAMES, ...SIDECARS]) {
    for (const isThere of [true, false]) {
      const path = join(folder.path, `${name}-${isThere}`);
      if (name.endsWith('-wal') || name.endsWith('-shm') || name.endsWith('-journal') || name.endsWith('.new'))
        mkdirSync(path, { mode: 0o700 });
      else (await used(path)).state.close();
      const target = join(folder.path, `target of ${name} ${isThere}`);
      if (isThere) writeFileSync(target, 'precious', { mode: 0o644 });
      rmSync(join(path, name), { force: true });
      symlinkSync(target, join(path, name));
      if (name === 'stamps.json.new') {
        // It is written over: a link is replaced, never followed.
        await used(path).then(
          ({ state }) => state.close(),
          () => {},
        );
      } else {
        await assert.rejects(
          used(path),
          { code: 'STATE_LINKED', message: new RegExp(`${name} .* a symbolic link`) },
          name,
        );
      }
      if (isThere) {
        assert.equal(readFileSync(target, 'utf8'), 'precious', name);
        assert.equal(lstatSync(target).mode & 0o777, 0o644, name);
      } else assert.equal(lstatSync(target, { throwIfNoEntry: false }), undefined, `${name}: nothing is made there`);
    }
  }
});

test('commands, readers and spools refuse links as well', () => {
  using folder = temporaryFolder('private');
  const target = join(folder.path, 'target');
  writeFileSync(target, 'precious');
  const path = join(folder.path, 'state');
  mkdirSync(path);
  for (const name of ['dead-letters.sqlite', 'spool-r.sqlite']) symlinkSync(target, join(path, name));
  assert.throws(() => openDeadLetterAdmin(path), { code: 'STATE_LINKED' });
  assert.throws(() => openIn(path), { code: 'STATE_LINKED' });
  assert.equal(readFileSync(target, 'utf8'), 'precious');
});
