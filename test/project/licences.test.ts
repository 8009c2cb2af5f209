import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dependencies, licencesPage, PAGE, PERMISSIVE } from './licences-page.ts';

test('docs/licences.md lists every package that a bridge or a bundle may hold', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), licencesPage(), 'it drifted: node test/project/licences-page.ts');
});

test('no package asks for more than its notice', () => {
  const others = dependencies().filter(({ licence }) => !PERMISSIVE.includes(licence));
  assert.deepEqual(others, []);
});
