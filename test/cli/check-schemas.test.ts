import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { memoryProject, type Project } from '../harness/project.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { startNode, startSluice } from '../harness/sluice-process.ts';

const POINT = { $defs: { point: { type: 'object', required: ['lat'], properties: { lat: { type: 'number' } } } } };

async function findings(project: Project): Promise<readonly Finding[]> {
  await using process = startSluice(['check', 'pipelines/p.yaml', '--json'], { cwd: project.folder });
  await process.ended();
  const { findings: found } = JSON.parse(process.stdout()) as { findings: readonly Finding[] };
  return found.filter(({ severity }) => severity !== 'notice');
}

/** `FILE:LINE:COLUMN found -> what to write`. */
function lines(found: readonly Finding[]): readonly string[] {
  return found.map(
    ({ file, line, column, found: text, write }) =>
      `${file.replace('schemas/', '')}:${line}:${column} ${text} -> ${write}`,
  );
}

for (const [how, id] of [
  ['that has no $id', {}],
  ['whose own $id is a URL', { $id: 'https://example.org/schemas/track.json' }],
] as const) {
  test(`a schema ${how} refers to a neighbour file by its name, here and in a bundle`, async () => {
    const files = {
      'schemas/track.v1.json': { ...id, properties: { at: { $ref: 'geo.v1.json#/$defs/point' }, next: { $ref: '#' } } },
      'schemas/geo.v1.json': { $defs: { point: { $ref: './base.json#/$defs/point' } } },
      'schemas/base.json': POINT,
    };
    await using run = await startMemoryRun({ files, stages: [{ validate: 'track.v1' }] });
    await run.publish('a', '{"next":{"at":{"lat":1}}}');
    await run.publish('a', '{"next":{"at":{}}}');
    await run.rest(2);
    assert.deepEqual(
      run.letters().map(({ pointer }) => pointer),
      ['/next/at'],
    );
    using project = memoryProject([{ validate: 'track.v1' }], files);
    await using build = startSluice(['build', 'pipelines/p.yaml', '--out', 'out'], { cwd: project.folder });
    assert.equal(await build.ended(), 0, build.stderr());
    const manifest = await import(project.path('out/p.manifest.json'), { with: { type: 'json' } });
    const { default: description } = manifest as { default: { schemas: readonly { name: string }[] } };
    assert.deepEqual(description.schemas.map(({ name }) => name).toSorted(), ['base', 'geo.v1', 'track.v1']);
    await using bundle = startNode([project.path('out/p.mjs')]);
    await bundle.said('ready');
  });
}

test('a slip in a schema is found where it stands, all in one run, with the nearest word to write', async () => {
  using project = memoryProject([{ validate: 's' }], {
    'schemas/s.json': `{
  "requred": ["a"],
  "properties": {
    "a": { "type": "nubmer" },
    "b": { "type": "string", "format": "datetime" },
    "c": { "pattern": "(" },
    "d": { "required": "x", "enum": [{ "requred": 1 }] }
  }
}`,
  });
  assert.deepEqual(lines(await findings(project)), [
    's.json:2:3 "requred" -> "required"',
    's.json:4:20 "nubmer" -> "number"',
    's.json:5:40 "datetime" -> "format": "date-time"',
    's.json:6:23 Invalid regular expression: /(/u: Unterminated group -> one that JavaScript takes with the flag u',
    's.json:7:24 "x" -> ["x"]',
  ]);
});

test('a $ref that leads nowhere is found where it stands, in the file that holds it, with the nearest name', async () => {
  const refer = (text: string): object => ({ properties: { a: { $ref: text } } });
  using project = memoryProject(
    ['file', 'place', 'through', 'draft', 'broken'].map((name) => ({ validate: name })),
    {
      'schemas/geo.v1.json': POINT,
      'schemas/old.json': { $schema: 'http://json-schema.org/draft-07/schema#' },
      'schemas/bad.json': { type: 'nothing' },
      'schemas/file.json': refer('goe.v1.json#/$defs/point'),
      'schemas/place.json': refer('geo.v1.json#/$defs/pont'),
      'schemas/through.json': refer('place.json'),
      'schemas/draft.json': refer('old.json'),
      'schemas/broken.json': refer('bad.json'),
    },
  );
  const found = lines(await findings(project));
  assert.deepEqual(found, [
    'file.json:4:15 "goe.v1.json#/$defs/point" -> "$ref": "geo.v1.json#/$defs/point"',
    'place.json:4:15 "geo.v1.json#/$defs/pont" -> "$ref": "geo.v1.json#/$defs/point"',
    'draft.json:4:15 "old.json", and that file is of another draft (draft-07) -> a reference to another file, or mend that one',
    'broken.json:4:15 "bad.json", and that file is broken itself -> a reference to another file, or mend that one',
    'bad.json:2:11 "nothing" -> one of them',
  ]);
});

/** The lines of the findings in a project whose stages name all of these schemas; a text is the file as it is. */
async function slips(schemas: Readonly<Record<string, string | object>>): Promise<readonly string[]> {
  using project = memoryProject(
    Object.keys(schemas).map((name) => ({ validate: name })),
    Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [`schemas/${name}.json`, schema])),
  );
  return lines(await findings(project));
}

test('a schema that would judge the same value by itself again is refused, and one that steps into the body is not', async () => {
  const circular = await slips({
    self: '{"$ref":"self.json"}',
    one: '{"anyOf":[{"properties":{"a":{"$ref":"one.json"}}},\n{"$ref":"two.json#/$defs/x"}]}',
    two: '{"$defs":{"x":{"not":\n{"$ref":"one.json"}}}}',
    tree: {
      properties: { next: { $ref: '#' } },
      allOf: [{ $ref: '#/$defs/a' }],
      $defs: { a: { items: { $ref: '#' } } },
    },
  });
  assert.deepEqual(
    circular.map((line) => line.split(' -> ')[0]),
    ['self.json:1:9 "self.json"', 'one.json:2:9 "two.json#/$defs/x"', 'two.json:2:9 "one.json"'],
  );
});

test('an anchor names a place, and what is no URI reference is found where it stands', async () => {
  const point = { p: { $anchor: 'point', type: 'number' } };
  assert.deepEqual(
    await slips({
      anchor: { properties: { a: { $ref: '#point' } }, $defs: point },
      other: { properties: { a: { $ref: 'anchor.json#point' } } },
    }),
    [],
  );
  assert.deepEqual(await slips({ wrong: '{"$ref":"#pont"}', percent: '{"$ref":"#/%zz"}', id: '{\n"$id":"a%"}' }), [
    'wrong.json:1:9 "#pont" -> a pointer to one, such as #',
    'percent.json:1:9 "#/%zz" -> %25 for a percent sign',
    'id.json:2:7 "a%" -> %25 for a percent sign',
  ]);
});

test('a key that stands twice, a rule that only the compiler refuses, and a mark before the text', async () => {
  assert.deepEqual(
    await slips({
      twice: '{\n"type":"object",\n"type":"array"}',
      empty: '{"properties":{"x":{\n"items":{"enum":[]}}}}',
      useless: '{"properties":{"x":\n{"if":{"type":"string"}}}}',
      marked: '\uFEFF{"type":"object"}',
    }),
    [
      'empty.json:2:9 enum must have non-empty array -> ',
      'useless.json:2:1 strict mode: "if" without "then" and "else" is ignored -> ',
      'twice.json:3:1 the same key again -> one of the two',
    ],
  );
});

test('a schema that is nested without end is a finding, not the end of the check', async () => {
  for (const levels of [251, 100_000]) {
    const deep = `${'{"items":\n'.repeat(levels)}{}${'}'.repeat(levels)}`;
    assert.deepEqual(await slips({ deep }), [
      'deep.json:251:1 one more -> a schema that refers to itself: "$ref": "#"',
    ]);
  }
  assert.deepEqual(await slips({ fine: `${'{"items":\n'.repeat(249)}{}${'}'.repeat(249)}` }), []);
});
