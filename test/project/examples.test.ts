import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { catalog } from '../../runtime/host/catalog.ts';

const FOLDER = join(packageFolder(), 'pipelines');
const examples = globSync('**/*.yaml', { cwd: FOLDER }).map((file) => ({
  file,
  ...readPipeline(join(FOLDER, file), 'check').result,
}));

test('every example pipeline passes the check', () => {
  for (const { file, spec, findings } of examples) assert.ok(spec, `${file}:\n${findingsText(findings)}`);
});

test('every kind of bus stands in an example', () => {
  const used = new Set(examples.flatMap(({ spec }) => [...(spec?.connections.values() ?? [])].map(({ bus }) => bus)));
  const kinds = [...catalog.buses.keys()].filter((name) => name !== 'memory');
  assert.deepEqual(
    kinds.filter((kind) => !used.has(kind)),
    [],
  );
});
