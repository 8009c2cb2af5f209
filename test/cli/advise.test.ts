import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { MAIN } from '../harness/sluice-process.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'sluice-advise-'));
after(() => rmSync(FOLDER, { recursive: true }));

const NEEDS = join(FOLDER, 'needs.yaml');
writeFileSync(
  NEEDS,
  `name: fleet
needs:
  - { name: positions, message: state, keep: 7d, readers: 3, producers: { devices: 5000, link: wan } }
  - { name: sensors, message: record, survives: crash, producers: { link: satellite, bandwidth: 64kbit/s } }
`,
);

function advise(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, 'advise', ...args], { encoding: 'utf8', cwd: FOLDER });
}

test('advise writes a pipeline file that passes the check, prints one object, and replaces no file', () => {
  const out = join(FOLDER, 'pipelines/fleet.yaml');
  const { status, stdout } = advise(NEEDS, '--out', out, '--json');
  assert.equal(status, 0);
  const { ok, needs, pipeline } = JSON.parse(stdout) as { ok: boolean; needs: readonly object[]; pipeline: string };
  assert.equal(ok, true);
  assert.equal(needs.length, 2);
  assert.equal(pipeline, readFileSync(out, 'utf8'));
  const { spec, findings } = readPipeline(out, 'check').result;
  assert.equal(spec?.routes.length, 2);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  const again = advise(NEEDS, '--out', out);
  assert.equal(again.status, 2);
  assert.match(again.stderr, /expected the name of a new file/);
  const within = join(FOLDER, 'within.yaml');
  writeFileSync(within, 'name: x\nneeds: [{ name: jobs, message: task, workers: true }]\n');
  const none = advise(within, '--out', join(FOLDER, 'none.yaml'));
  assert.deepEqual([none.status, none.stdout], [2, '']);
  assert.match(none.stderr, /none\.yaml would have no route/);
});

test('without a needs file and without a terminal advise says what it expects', () => {
  const { status, stderr } = advise();
  assert.equal(status, 2);
  assert.match(stderr, /expected a needs file, or a terminal that can ask/);
});
