import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unsyncedCheckpointsIn } from '../../runtime/store/unsynced-checkpoints.ts';
import { openPipelineState } from '../../runtime/store/pipeline-state.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const FILE = 'checkpoint-r-source';

test('the next process reads what the last one wrote last, however long and however often', () => {
  using folder = temporaryFolder('checkpoint');
  for (let start = 0; start < 3; start += 1) {
    const checkpoints = unsyncedCheckpointsIn(folder.path);
    const checkpoint = checkpoints.of('r source');
    assert.equal(checkpoint.read(), start === 0 ? undefined : `text ${start} ü`);
    for (let number = 0; number < 10 + start; number += 1) assert.ok(checkpoint.write('x'.repeat((number % 3) * 5000)));
    assert.ok(checkpoint.write(`text ${start + 1} ü`));
    assert.equal(checkpoints.of('r source').read(), `text ${start + 1} ü`);
    // A killed process closes nothing.
    if (start % 2 === 0) checkpoints.close();
  }
});

test('of a text that was cut off by a kill the one before it is left, whatever part of it was written', () => {
  using folder = temporaryFolder('checkpoint');
  const file = join(folder.path, FILE);
  const write = (text: string): void => {
    const checkpoints = unsyncedCheckpointsIn(folder.path);
    assert.ok(checkpoints.of('r source').write(text));
    checkpoints.close();
  };
  write('one, and more of it');
  write('two');
  const before = readFileSync(file);
  write('three, which is longer');
  const after = readFileSync(file);
  const at = after.findIndex((byte, place) => byte !== before[place]);
  const end = after.findLastIndex((byte, place) => byte !== before[place]);
  for (let cut = at; cut <= end; cut += 1) {
    writeFileSync(file, Buffer.concat([after.subarray(0, cut), before.subarray(cut)]));
    const checkpoints = unsyncedCheckpointsIn(folder.path);
    const read = checkpoints.of('r source').read();
    checkpoints.close();
    // Bytes that are the same in both may end a text that is whole.
    assert.ok(read === 'two' || (read === 'three, which is longer' && cut > at), `${read} at ${cut}`);
  }
});

test('a checkpoint that cannot be written stays as it was, and nothing is thrown', () => {
  using folder = temporaryFolder('checkpoint');
  const checkpoints = unsyncedCheckpointsIn(folder.path);
  const checkpoint = checkpoints.of('r source');
  assert.ok(checkpoint.write('kept'));
  assert.equal(checkpoint.write('x'.repeat(1024 ** 2)), false);
  assert.equal(checkpoint.read(), 'kept');
  checkpoints.close();
  assert.equal(checkpoint.write('late'), false);
  const gone = unsyncedCheckpointsIn(join(folder.path, 'gone'));
  assert.equal(gone.of('r source').read(), undefined);
  assert.equal(gone.of('r source').write('x'), false);
  gone.close();
});

test('a file that holds anything else is no checkpoint', () => {
  using folder = temporaryFolder('checkpoint');
  for (const content of ['', 'x', '00000000 1 5\nabcde', '\0'.repeat(3 * 1024 ** 2)]) {
    writeFileSync(join(folder.path, FILE), content);
    const checkpoints = unsyncedCheckpointsIn(folder.path);
    assert.equal(checkpoints.of('r source').read(), undefined);
    assert.ok(checkpoints.of('r source').write('new'));
    checkpoints.close();
    rmSync(join(folder.path, FILE));
  }
});

test("a checkpoint is its owner's alone, takes a few blocks of the disk, and a link in its place ends the start", () => {
  using folder = temporaryFolder('checkpoint');
  const path = join(folder.path, 'state');
  const state = openPipelineState(path);
  const checkpoint = state.unsyncedCheckpoint('r source');
  assert.equal(existsSync(join(path, FILE)), false, 'a file for nothing');
  for (let number = 0; number < 4; number += 1) checkpoint.write(`text ${number}`);
  const { mode, blocks } = statSync(join(path, FILE));
  assert.equal(mode & 0o777, 0o600);
  assert.ok(blocks * 512 <= 64 * 1024, `${blocks} blocks`);
  state.close();
  rmSync(join(path, FILE));
  writeFileSync(join(folder.path, 'theirs'), 'x');
  symlinkSync(join(folder.path, 'theirs'), join(path, FILE));
  const again = openPipelineState(path);
  assert.throws(() => again.unsyncedCheckpoint('r source'), { code: 'STATE_LINKED' });
  again.close();
  assert.equal(readFileSync(join(folder.path, 'theirs'), 'utf8'), 'x');
  assert.ok(readdirSync(path).includes(FILE));
});
