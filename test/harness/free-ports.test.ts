import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startNode } from './sluice-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { RUN_VARIABLE } from './run-variable.ts';

void test('a port is given to one file of a run until that file ends, though nobody listens on it', async () => {
  using run = temporaryFolder('ports');
  const module = JSON.stringify(join(import.meta.dirname, 'free-ports.ts'));
  const script = (act: string): string[] => [
    '--input-type=module',
    '-e',
    `const { freePorts } = await import(${module}); console.log(JSON.stringify(await freePorts(20))); ${act}`,
  ];
  const env = { [RUN_VARIABLE]: run.path };
  await using holder = startNode(script('setInterval(() => {}, 1e6)'), { env });
  await holder.until(() => holder.stdout().includes(']'), 'its ports');
  const held = JSON.parse(holder.stdout()) as number[];
  assert.deepEqual(new Set(readdirSync(join(run.path, 'ports')).map(Number)), new Set(held));
  await using other = startNode(script(''), { env });
  assert.equal(await other.ended(), 0);
  const others = JSON.parse(other.stdout()) as number[];
  assert.equal(new Set([...held, ...others]).size, 40);
  // Those of the one that ended are free again.
  assert.equal(readdirSync(join(run.path, 'ports')).length, 20);
  assert.equal(other.stderr(), '');
});
