import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { type FileResult, runFile } from './file-run.ts';
import { complaintText, summaryText } from './screen.ts';

const HEAD = "import { describe, test } from 'node:test';\n";

async function ran(body: string): Promise<FileResult> {
  using folder = temporaryFolder('file-run');
  const path = join(folder.path, 'x.test.mjs');
  writeFileSync(path, HEAD + body);
  const options = { env: process.env, only: undefined, wants: () => {} };
  const result = await runFile({ path, kind: 'fast', alone: false }, options).ended;
  return result;
}

test('each test of a file is known with the names around it, and whether it passed, failed or was skipped', async () => {
  const { tests, complaint } = await ran(`
    test('one', () => {});
    void describe('these', () => {
      test('two', (t) => t.test('inner', () => { throw new Error('no'); }));
      test('three', (t) => t.skip('no server'));
    });`);
  assert.equal(complaint, undefined);
  const told = tests.map(({ name, failure, skipped }) => [name, failure?.split('\n', 1)[0], skipped]);
  assert.deepEqual(told, [
    ['one', undefined, undefined],
    ['these > two > inner', 'Error: no', undefined],
    ['these > two', '1 subtest failed', undefined],
    ['these > three', undefined, 'no server'],
    ['these', '1 subtest failed', undefined],
  ]);
});

for (const [what, body, complaint] of [
  ['ends badly though its tests pass', "test('one', () => {}); process.exitCode = 3;", /it ended with exit code 3/],
  ['dies', "test('one', () => process.kill(process.pid, 'SIGKILL'));", /it ended with SIGKILL/],
  ['prints something though it passes', "test('one', () => console.error('look'));", /passed and printed/],
  ['has no test', '', /no test/],
] as const) {
  test(`a file that ${what} has failed`, async () => {
    const result = await ran(body);
    assert.match(result.complaint ?? '', complaint);
    assert.match(complaintText(result) ?? '', /^FAILED {2}.*x\.test\.mjs/);
    assert.match(summaryText([result], 1, 'fast'), /\n\d passed, 1 failed, 0 skipped$/);
  });
}

test('a file that passes is no complaint', async () => {
  const result = await ran("test('one', (t) => t.diagnostic('seed 7'));");
  assert.equal(complaintText(result), undefined);
  assert.equal(result.output, 'seed 7');
});
