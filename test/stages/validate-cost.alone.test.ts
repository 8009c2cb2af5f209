import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureValidation } from '../bench/validate-cost.ts';

test('judging a message of 300 bytes at both ends costs at most 1 us more than ajv called by hand', () => {
  const { byHand, stages, versions } = measureValidation();
  assert.ok(stages - byHand < 1, `stages ${stages} us, ajv ${byHand} us`);
  assert.ok(versions - byHand < 1, `several schemas ${versions} us, ajv ${byHand} us`);
});
