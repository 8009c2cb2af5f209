import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

const pipeline = (stages: string): string => `name: p
buses: { hub: { bus: memory, hub: h } }
routes: [{ name: r, from: { bus: hub, addresses: [in] }, stages: [${stages}], to: { bus: hub, address: out } }]
`;

test('check --watch judges the file again after each change of it and of its functions, and ends with 0', async () => {
  using project = newProject({ 'pipelines/p.yaml': pipeline('') });
  await using watching = startSluice(['check', project.path('pipelines/p.yaml'), '--watch'], { cwd: project.folder });
  let seen = 0;
  const next = async (what: RegExp): Promise<void> => {
    await watching.until(() => watching.stdout().slice(seen).search(what) >= 0, String(what));
    seen = watching.stdout().length;
  };
  const waiting = (count: number): Promise<void> =>
    watching.until(() => watching.stderr().split('Waiting for a change').length > count, `${count} checks`);
  await next(/is fine/);
  await waiting(1);
  // As an editor does it: another file takes the name.
  writeFileSync(project.path('pipelines/p.yaml.new'), pipeline('{ function: later }'));
  renameSync(project.path('pipelines/p.yaml.new'), project.path('pipelines/p.yaml'));
  await next(/UNKNOWN_FUNCTION/);
  await waiting(2);
  mkdirSync(project.path('functions'), { recursive: true });
  writeFileSync(project.path('functions/later.ts'), 'export default (body: unknown) => body;\n');
  await next(/is fine/);
  writeFileSync(project.path('functions/later.ts'), 'export default (body: unknown => body;\n');
  await next(/1 error/);
  watching.signal('SIGINT');
  assert.equal(await watching.ended(), 0);
});
