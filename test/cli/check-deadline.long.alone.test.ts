import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { patient } from '../harness/patience.ts';
import { cut, endless } from './endless-check.ts';

for (const command of ['check', 'run', 'build']) {
  test(`a check that does not end is cut after 5 s by ${command}, which ends as for any other finding`, async () => {
    using project = endless();
    const { code, ms, stdout, stderr } = await cut(project, [command, 'pipelines/p.yaml']);
    assert.equal(code, 2);
    assert.ok(ms > 4000 && ms < patient(15_000), `${ms} ms`);
    const said = command === 'check' ? stdout : stderr;
    assert.match(said, /^pipelines\/p\.yaml:1:1 {2}CHECK_CUT {2}error: expected .* within 5 s.*\n {4}write .*\n$/);
  });
}

test('a check that waits for a file that never comes is cut after a while that no busy machine needs', async () => {
  using project = endless();
  const file = project.path('pipelines/p.yaml');
  rmSync(file);
  execFileSync('mkfifo', [file]);
  const { code, ms, stderr } = await cut(project, ['explain', 'pipelines/p.yaml']);
  assert.ok(code === 2 || code === 'SIGKILL', String(code));
  assert.ok(ms < patient(25_000), `${ms} ms`);
  assert.match(stderr, /CHECK_CUT/);
});
