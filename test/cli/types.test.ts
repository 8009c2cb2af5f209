import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { memoryProject, newProject, type Project } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

const TRACK = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } };

async function sluice(project: Project, ...args: readonly string[]) {
  await using process = startSluice([...args], { cwd: project.folder });
  return { code: await process.ended(), stdout: process.stdout(), stderr: process.stderr() };
}

/** `FILE:LINE found` of each error. */
async function errors(project: Project): Promise<readonly string[]> {
  const { stdout } = await sluice(project, 'check', 'pipelines/p.yaml', '--json');
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ code, file, line, found }) => `${file}:${line} ${code} ${found}`);
}

test('types writes schemas/types.d.ts, check refuses it where it drifts, and types mends it', async () => {
  using project = memoryProject([{ validate: 'track.v1' }], { 'schemas/track.v1.json': TRACK });
  assert.deepEqual(await errors(project), [], 'a project without the file needs none');
  assert.equal((await sluice(project, 'types')).code, 0);
  const file = project.path('schemas/types.d.ts');
  assert.match(readFileSync(file, 'utf8'), /export interface TrackV1 \{\n {2}id: string;\n\}/);
  assert.deepEqual(await errors(project), []);
  project.write('schemas/types.d.ts', readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
  assert.deepEqual(await errors(project), [], 'line ends of another system are no drift');
  project.write('schemas/track.v1.json', { ...TRACK, properties: { id: { type: 'integer' } } });
  assert.deepEqual(await errors(project), ['schemas/types.d.ts:4 SCHEMA_TYPES_DRIFT others from this line on']);
  const drift = await sluice(project, 'types', '--check');
  assert.equal(drift.code, 2);
  assert.match(drift.stderr, /SCHEMA_TYPES_DRIFT.*\n {4}write sluice types/);
  assert.equal((await sluice(project, 'types', '.')).code, 0);
  assert.deepEqual(await errors(project), []);
  assert.equal((await sluice(project, 'types', '--check')).code, 0);
});

test('types that a function imports and that are not there are an error', async () => {
  const source = `import type { Transform } from 'sluice';
import type { TrackV1 } from '../schemas/types.d.ts';
const f: Transform<TrackV1, TrackV1> = (track) => track;
export default f;
`;
  using project = memoryProject([{ function: 'f' }], { 'schemas/track.v1.json': TRACK, 'functions/f.ts': source });
  const [error, ...others] = await errors(project);
  assert.match(String(error), /^schemas\/types\.d\.ts:1 SCHEMA_TYPES_DRIFT no file, which .*functions\/f\.ts imports$/);
  assert.deepEqual(others, []);
  await sluice(project, 'types');
  assert.deepEqual(await errors(project), []);
  project.write('functions/f.ts', source.replace('=> track;', '=> ({ id: track.idd });'));
  assert.match(String(await errors(project)), /^functions\/f\.ts:3 FUNCTION_TYPES .*'idd'/);
});

test('a schema that is no JSON stops types, and files of schemas/ that describe no body do not count', async () => {
  using project = newProject({
    'schemas/track.v1.json': TRACK,
    'schemas/ops.policy.json': '{ "levels": [',
    'schemas/pipeline.schema.json': '{ no JSON',
    'schemas/label-policy.schema.json': { nothing: 'here' },
    'schemas/order.schema.json': { type: 'string' },
    'schemas/notes.txt': 'no schema',
  });
  assert.equal((await sluice(project, 'types')).code, 0);
  const text = readFileSync(project.path('schemas/types.d.ts'), 'utf8');
  assert.deepEqual(
    [...text.matchAll(/export \w+ (\w+)/g)].map(([, name]) => name),
    ['OrderSchema', 'TrackV1', 'Track'],
  );
  rmSync(project.path('schemas/types.d.ts'));
  project.write('schemas/bad.v1.json', '{ "type": ');
  const { code, stderr } = await sluice(project, 'types');
  assert.equal(code, 2);
  assert.match(stderr, /schemas\/bad\.v1\.json:1:\d+ {2}SCHEMA_BROKEN {2}error/);
  assert.equal(existsSync(project.path('schemas/types.d.ts')), false);
  assert.equal((await sluice(project, 'types', 'nowhere')).code, 2);
});
