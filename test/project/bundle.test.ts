import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { build } from 'esbuild';

test('a bundle that resolves its pipeline holds neither the YAML reader nor the schema compiler', async () => {
  const entry = (name: string): string => fileURLToPath(new URL(`../../runtime/${name}`, import.meta.url));
  const { metafile, outputFiles } = await build({
    entryPoints: [entry('project/read/resolve-pipeline.ts'), entry('template/compile-template.ts')],
    outdir: 'unwritten',
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
  });
  assert.deepEqual(
    Object.keys(metafile.inputs).filter((path) => path.includes('node_modules')),
    [],
  );
  const bytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
  // In every bundle: what adds to it is to be seen here.
  assert.ok(bytes < 126_000, `${bytes} bytes`);
});
