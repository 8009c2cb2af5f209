import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { freshPage, writtenPage } from './book-page.ts';
import { CONFORMANCE_TESTS } from './conformance.ts';
import { SUBJECTS } from '../brokers/all.ts';

test('docs/conformance.md holds every test, and who keeps it', () => {
  assert.equal(writtenPage(), freshPage(), 'it drifted: node test/conformance/book-page.ts');
});

test('every bus of the catalog is judged', () => {
  const judged = SUBJECTS.map(({ name }) => name.split(' ', 1)[0]);
  assert.deepEqual(new Set(judged), new Set(catalog.buses.keys()));
});

test('no two tests have one name, and every excuse is from a test that there is', () => {
  const names = CONFORMANCE_TESTS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, excused = {} } of SUBJECTS) {
    for (const judge of Object.keys(excused)) assert.ok(names.includes(judge), `${name} is excused from ${judge}`);
  }
});
