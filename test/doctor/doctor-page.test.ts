import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doctorPage, writtenPage } from './doctor-page.ts';

test('docs/doctor.md lists every check of every bus and of the machine', async () => {
  assert.equal(writtenPage(), await doctorPage(), 'it drifted: node test/doctor/doctor-page.ts');
});
