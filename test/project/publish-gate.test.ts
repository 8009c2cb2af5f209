import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishRefusals } from './publish-gate.ts';

const RELEASE = { version: '1.2.0', changes: '', tags: ['v1.2.0'], changelog: '# Changes\n\n## 1.2.0\n\nText.\n' };

test('a version is published from the commit that carries its tag, without changes, with its section in CHANGELOG.md', () => {
  assert.deepEqual(publishRefusals(RELEASE), []);
  assert.match(publishRefusals({ ...RELEASE, changes: ' M x' }).join(), /without changes/);
  assert.match(publishRefusals({ ...RELEASE, tags: ['v1.1.0'] }).join(), /tag v1\.2\.0/);
  assert.match(publishRefusals({ ...RELEASE, changelog: '## Unreleased\n' }).join(), /section 1\.2\.0/);
});
