import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { virtualModules } from '../../runtime/cli/bundle-entry.ts';
import { NODE_BUNDLE } from '../../runtime/project/functions/bundle-functions.ts';
import { SCHEMA_PARTS, schemaCompiler, schemaModuleCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import type { Validator } from '#contract/validator.ts';
import { patient } from '../harness/patience.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const STAGES = resolve(import.meta.dirname, '../../runtime/project/schemas');

test('a schema in a bundle says of every body what it says here, in the same time', async () => {
  const schema = {
    type: 'object',
    properties: {
      tame: { type: 'string', pattern: '^[a-z]+$' },
      wild: { type: 'string', pattern: '^(a+)+$' },
      looks: { type: 'string', pattern: '(?<=x)y$' },
      list: { type: 'array', uniqueItems: true },
      url: { type: 'string', format: 'url' },
      time: { type: 'string', format: 'date-time' },
    },
    patternProperties: { '^(x|xx)*$': { type: 'number' } },
  };
  const files = [{ name: 's', schema }];
  using folder = temporaryFolder('schema-module');
  const modules = new Map([
    ['sluice:validator/s', { contents: schemaModuleCompiler(files).compile('s'), resolveDir: STAGES }],
    ...[...SCHEMA_PARTS].map(
      ([name, file]) => [name, { contents: `export * from './${file}';`, resolveDir: STAGES }] as const,
    ),
  ]);
  const { outputFiles } = await build({
    ...NODE_BUNDLE,
    stdin: { contents: "export { default } from 'sluice:validator/s';", resolveDir: STAGES },
    write: false,
    plugins: [virtualModules(modules)],
  });
  const file = join(folder.path, 'validator.mjs');
  writeFileSync(file, outputFiles[0]?.contents ?? '');
  const { default: bundled } = (await import(pathToFileURL(file).href)) as { default: Validator };
  const here = schemaCompiler(files).compile('s');
  const startMs = performance.now();
  for (const body of [
    {},
    {
      tame: 'abc',
      wild: 'aaa',
      looks: 'xy',
      list: [{ a: 1 }, { a: 2 }],
      url: 'https://a.example',
      time: '2026-01-01T00:00:00Z',
      xxx: 1,
    },
    { tame: 'A' },
    { wild: `${'a'.repeat(100_000)}!` },
    { looks: 'zy' },
    {
      list: [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    },
    { url: `http://${':'.repeat(100_000)}` },
    { time: 'noon' },
    { ['x'.repeat(50_000)]: 'no number' },
    { [`${'x'.repeat(50_000)}!`]: 'no number' },
  ]) {
    assert.equal(bundled(body), here(body), JSON.stringify(body).slice(0, 100));
    assert.deepEqual(bundled.errors?.[0]?.keyword, here.errors?.[0]?.keyword);
  }
  assert.ok(performance.now() - startMs < patient(2000));
});
