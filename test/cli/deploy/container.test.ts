import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../harness/free-ports.ts';
import { memoryProject } from '../../harness/project.ts';
import { startSluice } from '../../harness/sluice-process.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { buildRoot, isWritableBy } from './image-root.ts';

const isRoot = process.getuid?.() === 0;
const hasDocker = spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;

test('the image of a pipeline runs as it is described: without root, on a root that it cannot write, healthy, and stops in order', async (t) => {
  using project = memoryProject();
  await using build = startSluice(['build', 'pipelines/p.yaml', '--out', 'out', '--container', '--json'], {
    cwd: project.folder,
  });
  assert.equal(await build.ended(), 0, build.stderr());
  const { ok, targets } = JSON.parse(build.stdout()) as { ok: boolean; targets: { target: string; next: string[] }[] };
  assert.ok(ok);
  const next = targets[0]?.next ?? [];
  assert.match(next[0] ?? '', /^docker build --file out\/p\.Dockerfile --tag p:[0-9a-f]{12} out$/);
  assert.match(next[1] ?? '', /^docker run --read-only /);
  if (hasDocker) {
    t.diagnostic('docker is here: it builds the image');
    const [tool = '', ...words] = (next[0] ?? '').split(' ');
    assert.equal(spawnSync(tool, words, { cwd: project.folder, stdio: 'inherit' }).status, 0);
  }
  if (!isRoot) {
    t.skip('no container tool, and not root: the steps of the Dockerfile cannot be carried out here');
    return;
  }
  t.diagnostic(
    'no container tool is used: the steps of the Dockerfile are carried out in a folder, and run there with chroot',
  );
  using folder = temporaryFolder('image');
  const root = folder.path;
  const dockerfile = project.path('out/p.Dockerfile');
  const image = buildRoot(root, readFileSync(dockerfile, 'utf8'), dockerfile);
  assert.equal(image.user, 65_532);
  assert.match(image.labels, /org\.opencontainers\.image\.title="p"/);
  for (const path of ['', 'app', 'app/p.mjs', 'nodejs/bin/node'])
    assert.ok(!isWritableBy(join(root, path), image.user), `${path} can be written`);

  const inside = (command: readonly string[]) =>
    spawn('chroot', [`--userspec=${image.user}:${image.user}`, root, ...command], {
      // Nothing of this machine: no HOME, no PATH within.
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  // The port of the image is one that another process here may have.
  const [port] = await freePorts(1);
  const own = (words: readonly string[]): string[] => words.map((word) => word.replaceAll('9464', String(port)));
  const exitOf = async (process: ChildProcess): Promise<unknown> =>
    process.exitCode ?? ((await once(process, 'exit')) as unknown[])[0];
  const running = inside(own(image.command));
  let log = '';
  running.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  try {
    await waitFor(() => running.exitCode !== null || log.includes('"ready"'), 30_000, 'the pipeline to be ready');
    assert.equal(running.exitCode, null, log);
    assert.equal(await exitOf(inside(own(image.health))), 0, 'the health check of the image');
    assert.ok(existsSync(join(root, 'home/nonroot/p/dead-letters.sqlite')));
  } finally {
    running.kill('SIGTERM');
  }
  assert.equal(await exitOf(running), 0, log);
  assert.equal(await exitOf(inside(own(image.health))), 1, 'the health check of a process that is gone');
});
