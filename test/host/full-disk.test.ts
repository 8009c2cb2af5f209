import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { readLetters, startMemoryRun } from './memory-run.ts';

test('what cannot be recorded is not settled: it waits for room, is said, and others go on', async (t) => {
  using disk = temporaryFolder('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk.path], { stdio: 'ignore' });
  } catch {
    t.skip('a small disk cannot be made here: needs the right to mount');
    return;
  }
  try {
    await using run = await startMemoryRun({
      files: { 'functions/f.ts': 'export default (body) => body;' },
      stages: [{ function: 'f' }],
      run: { stateFolder: disk.path },
    });
    await run.publish('a', 'x'.repeat(1024 * 1024));
    const said = (event: string) => run.said.find((line) => line.event === event);
    const unwritten = await waitFor(() => said('dead-letter-unwritten'), 5000, 'the full disk to be said');
    assert.equal(unwritten.fields['code'], 'STATE_UNUSABLE');
    await run.publish('b', '{}');
    assert.equal((await run.take(1)).length, 1);
    assert.equal(run.pipeline.numbers()[0]?.held, 1);
    assert.equal(said('dead-letter'), undefined);
    execFileSync('mount', ['-o', 'remount,size=16m', disk.path]);
    const { deadLettered, delivered } = await run.rest(2);
    assert.deepEqual([deadLettered, delivered], [1, 1]);
    assert.equal(readLetters(disk.path).length, 1);
    await run.stop();
  } finally {
    execFileSync('umount', [disk.path]);
  }
});
