import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newProject } from '../harness/project.ts';
import { GEO, sluice, TRACK } from './schema-command.ts';

test('schema diff tells both directions, each difference with its places and a document that is refused', async () => {
  using project = newProject({
    'schemas/geo.v1.json': GEO,
    'schemas/track.v1.json': TRACK,
    'schemas/track.v2.json': { ...TRACK, required: ['id', 'at'] },
  });
  const found = await sluice(project, 'diff', 'schemas/track.v1.json', 'schemas/track.v2.json');
  assert.deepEqual([found.exit, found.error], [5, '']);
  assert.equal(
    found.out,
    `backward (new reads what was written with old): incompatible
  /at  required-added
    old track.v1.json#/required
    new track.v2.json#/required
    refused: {"id":""}
forward (old reads what is written with new): compatible
`,
  );
  const forward = await sluice(
    project,
    'diff',
    'schemas/track.v1.json',
    'schemas/track.v2.json',
    '--compatibility',
    'forward',
  );
  assert.equal(forward.exit, 0);
});

test('schema diff ends with a code of its own where it cannot tell, and says which keyword is the reason', async () => {
  using project = newProject({
    'schemas/a.json': { type: 'string', pattern: '^a+$' },
    'schemas/b.json': { type: 'string', pattern: '^a*$' },
  });
  const found = await sluice(project, 'diff', 'schemas/a.json', 'schemas/b.json');
  assert.equal(found.exit, 6);
  assert.match(found.out, /cannot tell, because of pattern: /);
});

for (const [what, args, said] of [
  ['one file', ['diff', 'schemas/a.json'], /expected two schema files/],
  ['a file that is missing', ['diff', 'schemas/a.json', 'schemas/b.json'], /can be read, found schemas\/b\.json/],
  ['a broken schema', ['diff', 'schemas/a.json', 'schemas/broken.json'], /broken\.json:2:11 {2}SCHEMA_BROKEN.*"strng"/],
  ['another word', ['dif'], /expected diff, check or no words, found dif/],
  [
    'an unknown compatibility',
    ['diff', 'schemas/a.json', 'schemas/a.json', '--compatibility', 'both'],
    /backward, forward or full/,
  ],
  ['a check of nothing', ['check'], /expected --against GIT_REV/],
] as const) {
  test(`the command schema refuses ${what}`, async () => {
    using project = newProject({ 'schemas/a.json': {}, 'schemas/broken.json': { type: 'strng' } });
    const found = await sluice(project, ...args);
    assert.equal(found.exit, 2);
    assert.match(found.error, said);
  });
}
