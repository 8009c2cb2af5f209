import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patient } from '../harness/patience.ts';
import { cut, endless } from './endless-check.ts';

test('a check that does not end is cut after 5 s, and says so as a finding', async () => {
  using project = endless();
  const { code, ms, stdout, stderr } = await cut(project, ['check', 'pipelines/p.yaml', '--json']);
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: readonly { code: string; file: string }[] };
  assert.deepEqual([code, ok, stderr], [2, false, '']);
  assert.deepEqual(
    findings.map((finding) => [finding.code, finding.file]),
    [['CHECK_CUT', 'pipelines/p.yaml']],
  );
  assert.ok(ms > 4000 && ms < patient(15_000), `${ms} ms`);
});
