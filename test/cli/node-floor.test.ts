import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNodeTooOld } from '../../runtime/cli/node-floor.ts';

test('a Node below the floor is told so, one above it is not', (t) => {
  const written: unknown[] = [];
  t.mock.method(process.stderr, 'write', (text: unknown) => written.push(text) > 0);
  assert.deepEqual(['20.20.2', '22.17.9', '18.0.0', 'rubbish'].map(isNodeTooOld), [true, true, true, true]);
  const said = [...written];
  assert.deepEqual(['22.18.0', '22.18.1', '23.0.0', '24.21.0', process.versions.node].map(isNodeTooOld), [
    false,
    false,
    false,
    false,
    false,
  ]);
  t.mock.restoreAll();
  assert.equal(written.length, said.length);
  assert.match(String(said[0]), /^expected Node 22\.18 or later, found 20\.20\.2: install a newer one.*\n$/);
});
