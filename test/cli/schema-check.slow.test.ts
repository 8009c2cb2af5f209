import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { newProject, type Project } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { GEO, sluice, TRACK } from './schema-command.ts';

function git(project: Project, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd: project.folder,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
}

test('schema check compares every schema with the one at the revision: kept, new and removed ones', async () => {
  using repository = newProject({
    'gate/schemas/geo.v1.json': GEO,
    'gate/schemas/track.v1.json': TRACK,
    'gate/schemas/gone.v1.json': {},
    'gate/schemas/pipeline.schema.json': { made: 'by sluice schema' },
  });
  git(repository, 'init', '--quiet');
  git(repository, 'add', '--all');
  git(repository, 'commit', '--quiet', '--message', 'one');
  git(repository, 'tag', 'v1');
  using project = { ...repository, folder: repository.path('gate'), [Symbol.dispose]: () => undefined };
  const same = await sluice(project, 'check', '--against', 'v1');
  assert.deepEqual([same.exit, same.error], [0, '']);
  assert.equal(same.out.match(/compatible/g)?.length, 3);

  repository.write('gate/schemas/geo.v1.json', { ...GEO, properties: { lat: { type: 'number', maximum: 80 } } });
  repository.write('gate/schemas/new.v1.json', {});
  git(repository, 'rm', '--quiet', 'gate/schemas/gone.v1.json');
  const other = await sluice(project, 'check', '--against', 'v1', '--json');
  assert.equal(other.exit, 5);
  const { schemas } = JSON.parse(other.out) as {
    schemas: { name: string; state: string; backward?: { answer: string } }[];
  };
  assert.deepEqual(
    schemas.map(({ name, state, backward }) => `${name} ${backward?.answer ?? state}`),
    // What refers to a schema that is narrowed is narrowed itself.
    ['geo.v1 no', 'gone.v1 removed', 'new.v1 new', 'track.v1 no'],
  );
  const named = await sluice(project, 'check', 'new.v1', 'gone.v1', '--against', 'v1');
  assert.equal(named.exit, 5);
  const allowed = await sluice(project, 'check', 'new.v1', 'gone.v1', '--against', 'v1', '--allow-removed');
  assert.equal(allowed.exit, 0);
  const forward = await sluice(project, 'check', 'geo.v1', '--against', 'v1', '--compatibility', 'forward');
  assert.equal(forward.exit, 0);
  const unknown = await sluice(project, 'check', '--against', 'v2');
  assert.deepEqual(
    [unknown.exit, unknown.error],
    [2, 'sluice: expected a commit, tag or branch that git knows here, found v2\n'],
  );
});

test('schema check tells that git is missing, and that the folder is none of a repository', async () => {
  using project = newProject({ 'schemas/a.json': {} });
  const none = await sluice(project, 'check', '--against', 'HEAD');
  assert.equal(none.exit, 2);
  assert.match(none.error, /expected a folder of a git repository/);
  await using process = startSluice(['schema', 'check', '--against', 'HEAD'], {
    cwd: project.folder,
    env: { PATH: project.folder },
  });
  assert.equal(await process.ended(), 3);
  assert.match(process.stderr(), /expected the command git, found none/);
});
