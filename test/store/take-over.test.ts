import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPipelineState } from '../../runtime/store/pipeline-state.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { isProcessed } from './is-processed.ts';
import { keptIn, OLD_NAMES, writeStateBefore } from './state-before.ts';

const ALL = { said: [], ids: true, checkpoints: true, suspects: true };

/** The files of the version before that are left, and their sidecars. */
function oldFiles(path: string): string[] {
  return readdirSync(path).filter((name) => OLD_NAMES.some((old) => name.startsWith(`${old}.sqlite`)));
}

function manifestOf(path: string): string[] {
  const { files } = JSON.parse(readFileSync(join(path, 'stamps.json'), 'utf8'));
  return Object.keys(files);
}

test('the first start takes over all that the files of the version before hold, without a word, and removes them', () => {
  using folder = temporaryFolder('take-over');
  const path = join(folder.path, 'state');
  writeStateBefore(path);
  assert.deepEqual(keptIn(path), ALL);
  assert.deepEqual(oldFiles(path), []);
  assert.deepEqual(manifestOf(path).toSorted(), ['dead-letters.sqlite', 'state.sqlite']);
  assert.deepEqual(keptIn(path), ALL, 'and so finds the next start');
});

test('a start that uses nothing of the state takes the files over as well', () => {
  using folder = temporaryFolder('take-over');
  const path = join(folder.path, 'state');
  writeStateBefore(path);
  openPipelineState(path).close();
  assert.deepEqual(oldFiles(path), []);
  assert.deepEqual(keptIn(path), ALL);
});

test('a file that the version before left in the middle of its log is taken over with the log', () => {
  using folder = temporaryFolder('take-over');
  const path = join(folder.path, 'state');
  writeStateBefore(path);
  // Open while it is copied: as a kill leaves it.
  const oldIds = openDatabase(join(path, 'ledger.sqlite'));
  oldIds.exec("INSERT INTO entries_1 (id, at_ms) VALUES ('p/r/s:7', 1795771592619)");
  const log = readFileSync(join(path, 'ledger.sqlite-wal'));
  oldIds.close();
  writeFileSync(join(path, 'ledger.sqlite-wal'), log);
  const state = openPipelineState(path);
  assert.ok(isProcessed(state.processedIds('r', { most: 100, windowMs: undefined }), 'p/r/s:7'));
  state.close();
});

for (const name of OLD_NAMES) {
  const kind = ['ids', 'checkpoints', 'suspects'][OLD_NAMES.indexOf(name)] ?? '';

  test(`${name}.sqlite: one that is no database is reported once, kept as it was, and the others are taken over`, () => {
    using folder = temporaryFolder('take-over');
    const path = join(folder.path, 'state');
    writeStateBefore(path);
    const file = join(path, `${name}.sqlite`);
    writeFileSync(file, 'no database'.repeat(500));
    const said = [{ event: 'state-file-damaged', file }];
    assert.deepEqual(keptIn(path), { ...ALL, said, [kind]: false });
    const [kept = '', ...more] = oldFiles(path);
    assert.match(kept, /\.sqlite\.damaged-/);
    assert.deepEqual(more, []);
    assert.equal(readFileSync(join(path, kept), 'utf8'), 'no database'.repeat(500));
    assert.deepEqual(keptIn(path), { ...ALL, [kind]: false });
  });

  test(`${name}.sqlite: one that is gone, or empty, although the folder's list names it, is reported once`, () => {
    using folder = temporaryFolder('take-over');
    for (const [at, damage] of [(file: string) => rmSync(file), (file: string) => truncateSync(file)].entries()) {
      const path = join(folder.path, String(at));
      writeStateBefore(path);
      const file = join(path, `${name}.sqlite`);
      damage(file);
      const said = [{ event: 'state-file-damaged', file }];
      assert.deepEqual(keptIn(path), { ...ALL, said, [kind]: false });
      assert.deepEqual(keptIn(path), { ...ALL, [kind]: false });
    }
  });
}

test('of a damaged file of processed ids, every readable row is taken over', () => {
  using folder = temporaryFolder('take-over');
  const path = join(folder.path, 'state');
  writeStateBefore(path);
  const file = join(path, 'ledger.sqlite');
  const oldIds = openDatabase(file);
  const insert = oldIds.prepare('INSERT INTO entries_1 (id, at_ms) VALUES (?, 1795771592619)');
  oldIds.exec('BEGIN');
  for (let n = 0; n < 5000; n += 1) insert.run(`id ${n}`);
  oldIds.exec('COMMIT');
  oldIds.close();
  const bytes = readFileSync(file);
  bytes.fill(0xa5, Math.floor(bytes.length * 0.45), Math.floor(bytes.length * 0.55));
  writeFileSync(file, bytes);
  const state = openPipelineState(path);
  const ids = state.processedIds('r', { most: 65_536, windowMs: undefined });
  const known = Array.from({ length: 5000 }, (_, n) => isProcessed(ids, `id ${n}`)).filter(Boolean).length;
  assert.ok(known > 2000 && known < 5000, `${known} known`);
  state.close();
});

test('where the place of a stream was lost with its old file, its route does not begin anew by itself', () => {
  using folder = temporaryFolder('take-over');
  const path = join(folder.path, 'state');
  writeStateBefore(path);
  rmSync(join(path, 'memos.sqlite'));
  for (let start = 0; start < 2; start += 1) {
    const state = openPipelineState(path);
    assert.throws(() => state.checkpoint('r source').assertKept?.(), {
      code: 'STATE_DAMAGED',
      message: /delete memos\.sqlite\.damaged-/,
    });
    state.close();
  }
});

test('after a return to the version before and back, its newer files are taken over once more', () => {
  using folder = temporaryFolder('take-over');
  const path = join(folder.path, 'state');
  writeStateBefore(path);
  const first = openPipelineState(path);
  first.checkpoint('r source').write('{"offset":43}');
  first.checkpoint('new source').write('x');
  first.close();
  const again = join(folder.path, 'again');
  writeStateBefore(again);
  for (const name of OLD_NAMES) {
    writeFileSync(join(path, `${name}.sqlite`), readFileSync(join(again, `${name}.sqlite`)));
  }
  assert.deepEqual(keptIn(path), ALL);
  const last = openPipelineState(path);
  assert.equal(last.checkpoint('new source').read(), 'x');
  last.close();
});
