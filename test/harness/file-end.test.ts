import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const FILE_END = new URL('file-end.ts', import.meta.url).href;

/** A file whose two tests end as said, and leave a timer; it ends by itself after `longestMs`. */
async function exitOf(hasFailed: readonly [boolean, boolean], longestMs: number): Promise<unknown> {
  const code = `
    import { FileEnd } from '${FILE_END}';
    const file = new FileEnd(100);
    const ends = [file.declared(), file.declared()];
    setTimeout(() => process.exit(7), ${longestMs});
    ${hasFailed.map((failed, at) => `ends[${at}](${failed});`).join('\n')}`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], { stdio: 'ignore' });
  const [exit] = (await once(child, 'exit')) as [unknown];
  return exit;
}

void test('a file of which a test has failed ends, whatever the test has left open', async () => {
  assert.equal(await exitOf([true, false], 60_000), 1);
});

void test('a file whose tests have passed is held by what they have left open', async () => {
  assert.equal(await exitOf([false, false], 1000), 7);
});
