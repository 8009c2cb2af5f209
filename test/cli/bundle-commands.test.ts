import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { memoryProject, type Project } from '../harness/project.ts';
import { startNode, startSluice } from '../harness/sluice-process.ts';

async function built(project: Project): Promise<string> {
  await using build = startSluice(['build', 'pipelines/p.yaml', '--out', 'out'], { cwd: project.folder });
  assert.equal(await build.ended(), 0, build.stderr());
  return project.path('out/p.mjs');
}

async function typed(words: readonly string[], cwd: string, env: Record<string, string> = {}) {
  await using process = startNode(words, { cwd, env });
  const code = await process.ended();
  return { code, out: process.stdout(), err: process.stderr() };
}

test('a bundle lists, shows and replays its dead letters, without the project and without the environment of the bridge', async () => {
  using elsewhere = temporaryFolder('elsewhere');
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': "import { reject } from 'sluice';\nexport default () => reject('not yet');\n" },
    stages: [{ function: 'f' }],
    // Only what runs the bridge needs it.
    buses: { other: { bus: 'memory', hub: 'env:OTHER_HUB|x' } },
  });
  await run.publish('a', '1');
  await run.publish('b', '2');
  await run.rest(2);
  await run.stop();
  run.project.write('functions/f.ts', 'export default (body) => body;\n');
  const bundle = await built(run.project);
  const state = run.project.path('state');
  const dlq = (...words: readonly string[]) => typed([bundle, 'dlq', ...words, '--state', state], elsewhere.path);
  const list = await dlq('list', '--json');
  assert.deepEqual([list.code, list.err], [0, '']);
  assert.equal((JSON.parse(list.out) as { total: number }).total, 2);
  assert.match((await dlq('show', '1')).out, /^letter 1\n {2}code {10}TRANSFORM_REJECTED/);
  assert.equal((await dlq('list', '--route', 'rr')).code, 2);
  const replay = await dlq('replay');
  assert.deepEqual([replay.code, replay.out], [0, '2 went through.\n'], replay.err);
});

test('a bundle keeps its state beside itself, wherever it is started, and dlq looks there', async () => {
  using project = memoryProject();
  using elsewhere = temporaryFolder('elsewhere');
  const bundle = await built(project);
  const early = await typed([bundle, 'dlq', 'list'], elsewhere.path);
  assert.equal(early.code, 3);
  assert.match(early.err, /STATE_MISSING/);
  await using process = startNode([bundle], { cwd: elsewhere.path });
  await process.said('ready');
  assert.ok(existsSync(project.path('out/.sluice/p')));
  assert.ok(!existsSync(join(elsewhere.path, '.sluice')));
  const late = await typed([bundle, 'dlq', 'list'], elsewhere.path);
  assert.deepEqual([late.code, late.err], [0, '']);
});

test('relative paths of the pipeline file count from the folder of the bundle, wherever it is started; what earlier versions left in the current folder is told', async () => {
  using project = memoryProject();
  using elsewhere = temporaryFolder('elsewhere');
  writeFileSync(
    project.path('pipelines/p.yaml'),
    JSON.stringify({
      name: 'p',
      buses: { hub: { bus: 'memory', hub: 'file:secrets/hub' } },
      routes: [
        {
          name: 'r',
          from: { bus: 'hub', addresses: ['in'] },
          to: { bus: 'hub', address: 'out' },
          spool: { max: '1MiB', at: 'spools' },
        },
      ],
    }),
  );
  const bundle = await built(project);
  for (const [folder, hub] of [
    [project.path('out'), 'h'],
    [elsewhere.path, ''],
  ] as const) {
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets/hub'), hub);
  }
  const runOnce = async (): Promise<readonly string[]> => {
    await using run = startNode([bundle], { cwd: elsewhere.path });
    await run.said('ready');
    run.signal('SIGTERM');
    assert.equal(await run.ended(), 0, run.stderr());
    return run.lines().map(({ event }) => event);
  };
  assert.ok(!(await runOnce()).includes('state-elsewhere'));
  const name = 'spools/spool-p.r.sqlite';
  assert.ok(existsSync(project.path(`out/${name}`)));
  assert.ok(!existsSync(join(elsewhere.path, 'spools')));
  const dlq = await typed([bundle, 'dlq', 'list'], elsewhere.path);
  assert.deepEqual([dlq.code, dlq.err], [0, '']);
  mkdirSync(join(elsewhere.path, 'spools'));
  writeFileSync(join(elsewhere.path, name), '');
  assert.ok((await runOnce()).includes('state-elsewhere'));
});

test('check-config of a bundle says what of its environment is missing, reads the files from the folder of the bundle, and starts nothing', async () => {
  using project = memoryProject();
  using elsewhere = temporaryFolder('elsewhere');
  writeFileSync(
    project.path('pipelines/p.yaml'),
    JSON.stringify({
      name: 'p',
      buses: { hub: { bus: 'memory', hub: 'env:HUB' } },
      routes: [{ name: 'r', from: { bus: 'hub', addresses: ['file:addresses'] }, to: { bus: 'hub', address: 'out' } }],
    }),
  );
  const bundle = await built(project);
  // What lies in the current folder is none of the bundle's.
  writeFileSync(join(elsewhere.path, 'addresses'), 'in');
  const missing = await typed([bundle, 'check-config'], elsewhere.path);
  assert.equal(missing.code, 2);
  assert.match(missing.out, /^pipelines\/p\.yaml:1:\d+ {2}ENV_MISSING {2}error: expected HUB in the environment/m);
  assert.match(missing.out, / {2}FILE_UNREADABLE {2}error: /);
  assert.ok(
    missing.out.includes(`a path from the bundle's folder ${project.path('out')} or an absolute one`),
    missing.out,
  );
  project.write('out/addresses', 'in');
  const machine = await typed([bundle, 'check-config', '--json'], elsewhere.path);
  assert.equal((JSON.parse(machine.out) as { ok: boolean }).ok, false);
  const fine = await typed([bundle, 'check-config'], elsewhere.path, { HUB: 'h' });
  assert.deepEqual([fine.code, fine.out], [0, 'p.mjs has all that it needs.\n']);
  assert.ok(!existsSync(project.path('out/.sluice')));
});

test('a bundle tells of its commands and of each one, and refuses a word or an option with the nearest', async () => {
  using project = memoryProject();
  const bundle = await built(project);
  const of = (...words: readonly string[]) => typed([bundle, ...words], project.folder);
  const help = await of('--help');
  assert.equal(help.code, 0);
  for (const word of ['run', 'check-config', 'dlq']) {
    assert.match(help.out, new RegExp(`^ {2}${word} `, 'm'));
    const { code, out } = await of(word, '--help');
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^usage: node p\\.mjs ${word} `));
  }
  assert.match(help.out, /^ {2}--state DIR /m);
  const wrong = await of('dql', 'list');
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /^p\.mjs: expected run, check-config, dlq, found dql; did you mean dlq\?\n/);
  const option = await of('--stat', 'x');
  assert.equal(option.code, 2);
  assert.match(option.err, /found --stat; did you mean --state\?\n/);
});
