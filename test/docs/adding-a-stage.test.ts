import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { StageKind } from '#contract/stage-kind.ts';
import { memory } from '../../runtime/buses/memory/index.ts';
import { catalogOf } from '../../runtime/host/catalog-of.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { commandsOf, filesOf } from './blocks.ts';

const PAGE = 'docs/adding-a-stage.md';

function errorsOf(stage: string, kind: StageKind): readonly string[] {
  const real = catalogOf([memory]);
  const { findings } = checkPipeline({
    text: `name: p
buses: { hub: { bus: memory, hub: h } }
routes:
  - { name: r, from: { bus: hub, addresses: [in] }, stages: [${stage}], to: { bus: hub, address: out } }
`,
    file: 'p.yaml',
    catalog: { ...real, stages: new Map([...real.stages, [kind.verb, kind]]) },
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  return findings.flatMap(({ severity, code, write }) => (severity === 'error' ? [`${code} ${write}`] : []));
}

test('the stage of docs/adding-a-stage.md works in a catalog, and the scripts of its commands exist', async () => {
  using folder = temporaryFolder('adding-a-stage');
  const text = filesOf(PAGE).get('runtime/stages/sample-kind.ts') ?? '';
  const contract = pathToFileURL(join(REPOSITORY, 'runtime/contract')).href;
  writeFileSync(join(folder.path, 'sample-kind.ts'), text.replaceAll('#contract', contract));
  const { sampleKind }: { sampleKind: StageKind } = await import(
    pathToFileURL(join(folder.path, 'sample-kind.ts')).href
  );
  assert.deepEqual(errorsOf('{ sample: 10 }', sampleKind), []);
  assert.deepEqual(errorsOf('{ sample: 0 }', sampleKind).length, 1);
  assert.deepEqual(errorsOf('{ sample: 1, first: false }', sampleKind), ['OPTIONS_CONFLICT nothing: remove first']);
  for (const command of commandsOf(PAGE)) {
    const script = /^node (\S+)/.exec(command)?.[1];
    assert.ok(script === undefined ? command === 'npm run check' : existsSync(join(REPOSITORY, script)), command);
  }
});
