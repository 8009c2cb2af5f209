import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';

const RUNNER = join(import.meta.dirname, 'run.ts');

/** A file of the fast tier that computes for some seconds. */
const BUSY = 'engine/class-simulation';

const groupLives = (pid: number): boolean => {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
};

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').map(Number).filter(Boolean);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`a run that is told to end by ${signal} does so within 2 s, and nothing of it is left`, async () => {
    const child = spawn(process.execPath, [RUNNER, 'fast', BUSY], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    let code: number | null | undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('close', (exit) => (code = exit));
    const file = await waitFor(
      () => childrenOf(child.pid ?? 0).find(groupLives),
      10_000,
      'the file to run in a process group of its own',
    );
    const startMs = performance.now();
    child.kill(signal);
    await waitFor(() => code !== undefined, 10_000, 'the run to end');
    assert.ok(performance.now() - startMs < patient(2000), said);
    assert.equal(code, 130);
    assert.match(said, /interrupted after \d+ s: \d+ passed, 0 failed, \d+ skipped so far/);
    assert.equal(groupLives(file), false);
  });
}
