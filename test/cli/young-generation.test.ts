import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { patient } from '../harness/patience.ts';

const run = promisify(execFile);
const module = join(packageFolder(), 'runtime', 'cli', 'young-generation.ts');

/** Objects that live for a while, as those of a window do: size of the young generation in MiB after three seconds of them. */
function churn(begin: string): string {
  return `
import { getHeapSpaceStatistics } from 'node:v8';
${begin}
const window = new Array(100_000);
let count = 0;
const endsAt = Date.now() + 3000;
const step = () => {
  for (let number = 0; number < 20_000; number += 1) window[count++ % window.length] = { count, text: 'x' + count };
  if (Date.now() < endsAt) return setImmediate(step);
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  console.log(young.space_size / 2 ** 20);
};
step();`;
}

async function youngMiB(begin: string): Promise<number> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', churn(begin)], {
    timeout: patient(60_000),
  });
  return Number(stdout);
}

test('under lasting load the young generation stays within its bound', async () => {
  const begin = `import { boundYoungGeneration } from ${JSON.stringify(module)}; boundYoungGeneration();`;
  // Without it 128 on Node 24. One doubling can fall between two looks.
  assert.ok((await youngMiB(begin)) <= 64);
});
