import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate, groupsOf } from './pool.ts';
import { filesOf, testFile } from './tiers.ts';

test('the words in the name of a file say its tier, and a word that says nothing is an error', () => {
  assert.deepEqual(testFile('test/a/x.test.ts'), { path: 'test/a/x.test.ts', kind: 'fast', alone: false });
  assert.equal(testFile('test/a/x.server.test.ts').kind, 'server');
  assert.equal(testFile('test/a/x.slow.alone.test.ts').kind, 'slow');
  assert.deepEqual(testFile('x.long.alone.test.ts'), { path: 'x.long.alone.test.ts', kind: 'long', alone: true });
  assert.throws(() => testFile('test/a/x.sever.test.ts'), /"sever" is none of slow, server, long, alone/);
});

test('every file is of one tier: npm test and npm run test:long together run all of them', () => {
  const paths = (tier: Parameters<typeof filesOf>[0]) => filesOf(tier, []).map(({ path }) => path);
  assert.deepEqual([...paths('standard'), ...paths('long')].toSorted(), paths('all').toSorted());
  const standard = new Set(paths('standard'));
  assert.ok(paths('fast').every((path) => standard.has(path)));
  assert.ok(paths('long').every((path) => !standard.has(path)));
});

test('the longest file is the first of its group, and whoever wants to be alone comes last', () => {
  const files = ['a.test.ts', 'b.alone.test.ts', 'c.test.ts', 'd.test.ts'].map(testFile);
  const seconds = new Map([
    ['a.test.ts', 1],
    ['c.test.ts', 9],
    ['d.test.ts', 5],
  ]);
  const groups = groupsOf(files, ({ path }) => seconds.get(path) ?? 0, 4);
  const told = groups.map(({ files: some, atOnce }) => [atOnce, ...some.map(({ path }) => path)]);
  assert.deepEqual(told, [
    [4, 'c.test.ts', 'd.test.ts', 'a.test.ts'],
    [1, 'b.alone.test.ts'],
  ]);
});

test('several files take no less than the longest of them', () => {
  assert.equal(estimate([9, 1, 1, 1], 4), 9);
  assert.equal(estimate([2, 2, 2, 2], 4), 2);
  assert.equal(estimate([], 4), 0);
});
