import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';
import { memoryProject } from '../harness/project.ts';
import { MAIN } from '../harness/sluice-process.ts';

/** A shell that starts `sluice run` and waits for it, as npm and npx do. */
function underShell(cwd: string, env: Readonly<Record<string, string>>) {
  // What stands behind the command keeps the shell from becoming it.
  const line = `${JSON.stringify(process.execPath)} ${JSON.stringify(MAIN)} run pipelines/p.yaml; true`;
  const shell = spawn('sh', ['-c', line], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  shell.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  let isOver = false;
  // Only once nobody holds the pipe any more.
  shell.stderr.once('close', () => (isOver = true));
  return { shell, said: () => said, isOver: () => isOver };
}

test('a run that npm or npx started ends in order when that is told to stop, and leaves no process behind', async () => {
  using project = memoryProject();
  const { shell, said, isOver } = underShell(project.folder, { npm_execpath: 'npm-cli.js' });
  await waitFor(() => said().includes('"ready"'), 15_000, 'the run to be ready');
  shell.kill('SIGTERM');
  await waitFor(isOver, 10_000, 'the run to end');
  assert.match(said(), /"event":"stopping","pipeline":"p","text":"npm, which started the process, has ended/);
  assert.match(said(), /"event":"stopped"/);
});

test('a run that a shell started alone outlives it: that is how it is put in the background', async () => {
  using project = memoryProject();
  const { shell, said, isOver } = underShell(project.folder, {});
  await waitFor(() => said().includes('"ready"'), 15_000, 'the run to be ready');
  shell.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(isOver(), false);
  const pid = Number(/process (\d+)/.exec(readFileSync(project.path('.sluice/p/holder'), 'utf8'))?.[1]);
  process.kill(pid, 'SIGTERM');
  await waitFor(isOver, 10_000, 'the run to end');
});
