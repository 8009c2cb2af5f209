import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { withoutAccess } from '../../runtime/cli/without-access.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';

test('a bundle holds nothing of what `sluice acl` and `sluice doctor` need of a bus', async () => {
  const files = [...catalog.buses.values()].map(({ module }) => join(REPOSITORY, 'runtime', module.file));
  const { metafile } = await build({
    entryPoints: files,
    outdir: 'out',
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    plugins: [withoutAccess],
  });
  const inputs = Object.keys(metafile.inputs);
  assert.ok(inputs.some((file) => file.endsWith('buses/rabbitmq/client/link.ts')));
  const needless = /\/(access|doctor)\/|(access|doctor)-probe|inspect-|doctor-(checks|retention)/;
  assert.deepEqual(
    inputs.filter((file) => !file.startsWith('without-access:') && needless.test(file)),
    [],
  );
});
