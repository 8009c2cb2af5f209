import assert from 'node:assert/strict';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { memoryProject, type Project } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

/** Runs the pipeline from that folder until it is ready, and ends it. Returns the events that it said. */
async function runOnce(project: Project, cwd: string): Promise<readonly string[]> {
  await using run = startSluice(['run', project.path('pipelines/p.yaml')], { cwd });
  await run.said('ready');
  run.signal('SIGTERM');
  assert.equal(await run.ended(), 0, run.stderr());
  return run.lines().map(({ event }) => event);
}

async function dlqList(project: Project, cwd: string, ...more: readonly string[]) {
  await using dlq = startSluice(['dlq', 'list', project.path('pipelines/p.yaml'), ...more], { cwd });
  const code = await dlq.ended();
  return { code, out: dlq.stdout(), err: dlq.stderr() };
}

test('the state folder lies beside the project, wherever run and dlq are typed', async () => {
  using project = memoryProject();
  using here = temporaryFolder('here');
  using elsewhere = temporaryFolder('elsewhere');
  await runOnce(project, here.path);
  assert.ok(existsSync(project.path('.sluice/p')));
  assert.equal(existsSync(join(here.path, '.sluice')), false);
  for (const cwd of [here.path, elsewhere.path, project.folder]) {
    const { code, out, err } = await dlqList(project, cwd, '--json');
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /"total":0/);
  }
});

test('dlq says that a state folder is not there, with exit code 3, and names those that are', async () => {
  using project = memoryProject();
  const early = await dlqList(project, project.folder);
  assert.deepEqual([early.code, early.out], [3, '']);
  assert.match(
    early.err,
    /^sluice: STATE_MISSING {2}expected the state folder of a pipeline in \.sluice\/p, found none\. /,
  );
  await runOnce(project, project.folder);
  const wrong = await dlqList(project, project.folder, '--state', 'nowhere');
  assert.equal(wrong.code, 3);
  assert.match(wrong.err, /in nowhere, found none; state folders that are there: \.sluice\/p\. .*--state DIR/);
  const machine = await dlqList(project, project.folder, '--state', 'nowhere', '--json');
  assert.equal(machine.code, 3);
  assert.match(machine.out, /^\{"ok":false,"error":\{"code":"STATE_MISSING"/);
});

test('an older state folder in the current folder is not forgotten: run and dlq name it until it is moved', async () => {
  using project = memoryProject();
  using here = temporaryFolder('here');
  await runOnce(project, project.folder);
  renameSync(project.path('.sluice'), join(here.path, '.sluice'));
  const { code, err } = await dlqList(project, here.path);
  assert.equal(code, 3);
  assert.match(err, /\.sluice\/p holds the state of an earlier run and is not used: move it to /);
  assert.match(err, /state folders that are there: \.sluice\/p\./);
  assert.ok((await runOnce(project, here.path)).includes('state-elsewhere'));
  assert.ok(!(await runOnce(project, project.folder)).includes('state-elsewhere'));
});
