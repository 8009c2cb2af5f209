import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { commandsOf } from './blocks.ts';
import { openShell, type Typed } from './newcomer.ts';

const REJECTS = "import { reject } from 'sluice';\nexport default () => reject('not yet');\n";

function fine(line: string, { code, output }: Typed): string {
  assert.equal(code, 0, `${line}\n${output}`);
  return output;
}

test('a release in a folder of its own goes on with the state folder that the commands of the page of deployment name, and without --state it has none', async () => {
  using srv = temporaryFolder('srv');
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': REJECTS },
    stages: [{ function: 'f' }],
  });
  await run.publish('a', '1');
  await run.rest(1);
  await run.stop();
  for (const release of ['1', '2']) {
    const words = ['build', 'pipelines/p.yaml', '--out', `${srv.path}/releases/${release}`];
    await using build = startSluice(words, { cwd: run.project.folder });
    assert.equal(await build.ended(), 0, build.stderr());
  }
  renameSync(run.project.path('state'), `${srv.path}/state`);
  const commands = commandsOf('docs/deployment.md')
    .slice(1)
    .map((line) => line.replaceAll('/srv/bridge', srv.path).replaceAll('bridge.mjs', 'p.mjs'));
  assert.equal(commands.length, 4, commands.join('\n'));
  const [check = '', link = '', hold = '', list = ''] = commands;
  const shell = openShell({ home: srv.path }, srv.path);
  fine(link, await shell.type(link.replace('releases/2', 'releases/1')));
  for (const line of [check, link]) fine(line, await shell.type(line));
  assert.match(fine(hold, await shell.typeUntil(hold, /"event":"ready"/)), /"event":"stopped"/);
  assert.match(fine(list, await shell.type(`${list} --json`)), /"total":1/);
  const without = await shell.type(list.replace(/ --state .*/, ''));
  assert.deepEqual([without.code, /STATE_MISSING/.test(without.output)], [3, true], without.output);
});
