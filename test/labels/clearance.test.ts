import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { clearanceOf } from '../../runtime/cli/clearance.ts';
import { PipelineLabels } from '../../runtime/labels/pipeline-labels.ts';
import { LabelReader } from '../../runtime/labels/wire-label.ts';
import { type MemoryRun, startMemoryRun } from '../host/memory-run.ts';
import { memoryProject } from '../harness/project.ts';
import { startNode, startSluice } from '../harness/sluice-process.ts';
import { DEMO_FILE, demoPolicy } from './demo-policy.ts';

const PREFIX = '1;p=urn:demo:ops;c=';

/** Dead letters 1 to 4: of S, of C, without a label, above the source. */
async function withLetters(): Promise<MemoryRun> {
  const run = await startMemoryRun({
    file: { labels: 'ops' },
    files: { 'schemas/ops.policy.json': DEMO_FILE, 'functions/f.ts': 'export default (body) => body;' },
    hub: { ceiling: 'S;REL=GBR,USA' },
    stages: [{ function: 'f' }],
  });
  for (const label of ['S;REL=GBR,USA', 'C;REL=FVEY', undefined, 'TS;REL=GBR,USA']) {
    const headers = new Map(label === undefined ? [] : [['seclabel', [PREFIX + label]] as const]);
    await run.publish('a', 'no json', { headers });
    await run.rest(1);
  }
  await run.rest(4);
  await run.stop();
  return run;
}

async function typed(run: MemoryRun, word: string, ...words: readonly string[]) {
  const file = run.project.path('pipelines/p.yaml');
  await using process = startSluice(['dlq', word, file, '--state', run.project.path('state'), ...words]);
  const code = await process.ended();
  return { code, out: process.stdout(), err: process.stderr() };
}

function allowed(clearance: string): readonly (string | undefined)[] {
  const reader = new LabelReader(demoPolicy());
  const cleared = clearanceOf({ positionals: [], values: { clearance } }, new PipelineLabels(reader, new Map()));
  const all = ['S;REL=GBR,USA', 'C;REL=FVEY', 'TS;REL=GBR,USA'].map((label) => PREFIX + label);
  const labels = [...all, undefined, '1;p=urn:other:x;c=U', 'U'];
  return labels.filter((label) => cleared.allows({ label })).map((label) => label?.replace(PREFIX, ''));
}

test('a clearance allows what it dominates, and nothing whose label the policy does not know', () => {
  assert.deepEqual(allowed('TS;REL=USA'), ['S;REL=GBR,USA', 'C;REL=FVEY', 'TS;REL=GBR,USA']);
  assert.deepEqual(allowed('S;REL=USA'), ['S;REL=GBR,USA', 'C;REL=FVEY']);
  assert.deepEqual(allowed('C;REL=USA'), ['C;REL=FVEY']);
  assert.deepEqual(allowed('U'), []);
  // FRA may not read what is released to FVEY.
  assert.deepEqual(allowed('TS;REL=FRA'), []);
});

test('a clearance that is no label of the policy, or that no policy could judge, is refused', () => {
  for (const wrong of ['SECRET', '', 'S;REL=gbr', `${PREFIX}S`])
    assert.throws(() => allowed(wrong), /--clearance: expected/);
  assert.throws(() => clearanceOf({ positionals: [], values: { clearance: 'S' } }, undefined), /names a label policy/);
});

test('dlq shows the label of each dead letter, and with a clearance no letter that it does not dominate', async () => {
  await using run = await withLetters();
  const { out } = await typed(run, 'list');
  assert.match(out, /^NUMBER +DIED \(UTC\) +ROUTE +CODE +LABEL +KEY/);
  assert.match(out, /DECODE_FAILED +S;REL=GBR,USA +-/);
  assert.match(out, /LABEL_MISSING +- /);
  assert.match(out, /LABEL_ABOVE_SOURCE +TS;REL=GBR,USA /);

  const cleared = await typed(run, 'list', '--clearance', 'C;REL=USA');
  assert.match(cleared.out, /\nLeft out: 2 above the clearance C;REL=USA, 1 without a label\.\n$/);

  const shown = await typed(run, 'show', '1', '2', '3', '--clearance', 'C;REL=USA');
  assert.equal(shown.code, 2);
  assert.match(shown.out, /^letter 2\n/);
  assert.doesNotMatch(shown.out, /letter [13]/);
  assert.match(shown.err, /LABEL_DENIED {2}letter 1 is above the clearance C;REL=USA\n.*LABEL_DENIED {2}letter 3/s);

  const refused = await typed(run, 'discard', '--yes', '--clearance', 'C;REL=USA');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /expected no --clearance beside discard/);

  const file = run.project.path('out.jsonl');
  const exported = await typed(run, 'export', '--out', file, '--clearance', 'C;REL=USA');
  assert.match(exported.err, /LABEL_DENIED {2}3 letters are above the clearance and left out/);
  assert.match(readFileSync(file, 'utf8'), /^\{"number":2,[^\n]*\n$/);
});

test('a bundle judges labels as the project does, and one without a policy has nothing of that code', async () => {
  await using run = await withLetters();
  const { project } = run;
  await using build = startSluice(['build', 'pipelines/p.yaml', '--out', 'out'], { cwd: project.folder });
  assert.equal(await build.ended(), 0, build.stderr());
  const bundle = project.path('out/p.mjs');
  await using list = startNode(
    [
      '--disallow-code-generation-from-strings',
      bundle,
      'dlq',
      'list',
      '--state',
      project.path('state'),
      '--json',
      '--clearance',
      'C',
    ],
    { cwd: project.folder },
  );
  assert.equal(await list.ended(), 0, list.stderr());
  assert.equal((JSON.parse(list.stdout()) as { aboveClearance: number }).aboveClearance, 3);
  await using check = startNode([bundle, 'check-config'], { cwd: project.folder });
  assert.equal(await check.ended(), 0, check.stderr());
  using other = memoryProject();
  await using plain = startSluice(['build', 'pipelines/p.yaml', '--out', 'out'], { cwd: other.folder });
  assert.equal(await plain.ended(), 0, plain.stderr());
  // The bundler breaks long lines, also within a text, and the lines of a bundle are comments.
  const textOf = (path: string): string => readFileSync(path, 'utf8').replaceAll('\\\n//', '');
  const judges = (path: string): boolean => textOf(path).includes('the highest label that can get there');
  assert.deepEqual([judges(bundle), judges(other.path('out/p.mjs'))], [true, false]);
});
