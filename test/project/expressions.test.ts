import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { expressionCompiler } from '../../runtime/host/expressions.ts';
import { resolvePipeline } from '../../runtime/project/read/resolve-pipeline.ts';
import { patternOf } from '../../runtime/project/schemas/pattern/pattern.ts';
import { parseYaml } from '../../runtime/project/read/yaml-document.ts';
import { newProject } from '../harness/project.ts';

const HEAD = `name: p
buses: { hub: { bus: memory, hub: expressions } }
routes:
  - name: r
    from: { bus: hub, addresses: [in] }
    to: { bus: hub, address: out }
    stages:
`;

const TRACK = {
  type: 'object',
  additionalProperties: false,
  properties: {
    speed: { type: 'number' },
    count: { type: 'integer' },
    name: { type: 'string' },
    mixed: { type: ['number', 'null'] },
    position: { $ref: 'position.v1.json' },
    items: { type: 'array', items: { type: 'object', properties: { lat: { type: 'number' } } } },
    tree: { $ref: '#/$defs/tree' },
  },
  $defs: {
    tree: {
      type: 'object',
      additionalProperties: false,
      properties: { next: { $ref: '#/$defs/tree' }, n: { type: 'integer' } },
    },
  },
};
const POSITION = {
  type: 'object',
  additionalProperties: false,
  properties: { latitude: { type: 'number' }, 'a-b': { type: 'number' } },
};

/** Errors and warnings of a file with these stages, as `LINE:COLUMN CODE write`; lines count from the first stage. */
async function findingsOf(
  stages: string,
  text = HEAD + stages.replaceAll(/^(?=.)/gm, '      '),
): Promise<readonly string[]> {
  using project = newProject({
    'pipelines/p.yaml': text,
    'schemas/track.v1.json': TRACK,
    'schemas/position.v1.json': POSITION,
  });
  const { findings } = await loadPipeline(project.path('pipelines/p.yaml'), 'check');
  return findings
    .filter(({ severity }) => severity !== 'notice')
    .map(({ line, column, code, severity, write }) => `${line - 7}:${column - 6} ${code} ${severity} ${write}`);
}

test('check reports syntax, variables, results and patterns of expressions where they stand, one each', async () => {
  const found = await findingsOf(`- filter: body.a == 1 && boddy.b == 2
- filter: "body.a == 1 &&"
- filter: 'body.a + ''x'''
- filter: body.s.matches("(a)\\\\1")
- split: "'text'"
- map: { set: { a.b: label.class } }
- filter: body.ok == true && now > timestamp
`);
  assert.deepEqual(found, [
    '1:26 EXPRESSION_FIELD error body',
    "2:26 EXPRESSION_SYNTAX error one such as body.kind == 'alert' && body.speed > 3.0",
    "3:12 EXPRESSION_TYPE error a comparison, such as body.kind == 'alert'",
    '4:26 PATTERN_UNSAFE error a simpler pattern, or startsWith, endsWith, contains',
    '5:11 EXPRESSION_TYPE error a list of the body, such as body.items',
    '6:22 EXPRESSION_FIELD error labels: in the file, or nothing of label',
  ]);
});

test('check shows no character that a terminal would execute, and judges no expression that it does not have', async () => {
  const found = await findingsOf(`- filter: "1 == 1\\0"
- filter: "\\e[2J == 1"
- filter: body.😀 == 1
- filter: has(body["x"])
- filter: env:SLUICE_NOT_SET
- filter: "env:SLUICE_NOT_SET|body.a =="
`);
  assert.deepEqual(
    found.map((line) => line.replace(/^(\S+ \S+ \S+).*/, '$1')),
    [
      '1:18 EXPRESSION_SYNTAX error',
      '2:12 EXPRESSION_SYNTAX error',
      '3:16 EXPRESSION_SYNTAX error',
      '4:15 EXPRESSION_SYNTAX error',
      '5:11 ENV_MISSING warning',
      '6:11 EXPRESSION_SYNTAX error',
    ],
  );
  assert.ok(!/\p{Cc}/u.test(found.join('')));
});

test('check knows the fields of the schema before an expression, through references, lists and splits', async () => {
  const found = await findingsOf(`- filter: body.anything > 1
- validate: track.v1
- filter: body.sped > 3 && body.count + 1 > 3
- filter: |
    body.speed > 0.5 &&
      body.position.lattitude > 3
- filter: body.name > 3
- filter: body.mixed > 3 && body.mixed == null && body.tree.next.next.n == body.count / 2
- filter: body.tree.nam == 1
- map: { set: { x: "body.items.map(i, i.lat)", y: 'body.items[0].lon' } }
- filter: body.anything > 1
- validate: track.v1
- split: body.items
- filter: body.lat > 1 && body.speed > 1
- validate: position.v1
- filter: body.latitude > 1 && "latitude" in body && body.size() == 1 && has(body.latitude)
`);
  assert.deepEqual(found, [
    '3:16 EXPRESSION_FIELD error speed',
    '6:21 EXPRESSION_FIELD error latitude',
    '7:11 EXPRESSION_TYPE error another type: double(), int() and string() convert',
    '9:21 EXPRESSION_FIELD error name',
    '10:66 EXPRESSION_FIELD warning a field of the schema, or the field into the schema',
    '14:32 EXPRESSION_FIELD warning a field of the schema, or the field into the schema',
  ]);
});

test('check knows the fields that map keeps, removes and renames', async () => {
  const found = await findingsOf(`- map: { keep: [anything] }
- validate: track.v1
- map: { keep: [spead, position.latitude, position.lat, tree.next.n, mixed.x, items.lat], remove: [nam, tree] }
- map: { keep: [anything] }
- validate: track.v1
- map: { rename: { nam: name, speed: position.speed }, set: { nam: body.name } }
- validate: track.v1
- split: body.items
- map: { keep: [lon] }
- validate: position.v1
- map: { rename: { latitude: lat }, set: { latitude: "body['a-b']" } }
`);
  assert.deepEqual(
    found.filter((line) => !line.includes('BODY_UNDESCRIBED')),
    [
      '3:17 EXPRESSION_FIELD error speed',
      '3:52 EXPRESSION_FIELD error latitude',
      '3:85 EXPRESSION_FIELD error latitude',
      '3:100 EXPRESSION_FIELD error name',
      '6:25 EXPRESSION_FIELD error name',
      '9:17 EXPRESSION_FIELD warning a field of the schema, or the field into the schema',
    ],
  );
});

test('a bundle refuses an expression that a reference brings and that does not fit, and shows nothing of it', async () => {
  using project = newProject({ 'pipelines/p.yaml': `${HEAD}      - filter: env:SLUICE_FILTER|true\n` });
  const { result } = await loadPipeline(project.path('pipelines/p.yaml'), 'check');
  assert.ok(result.document);
  const compileExpression = expressionCompiler((source) => patternOf(source, 'u'));
  const foundIn = (SLUICE_FILTER: string) => {
    assert.ok(result.document);
    const sources = { environment: { SLUICE_FILTER }, readFile: () => '', mode: 'run', compileExpression } as const;
    return resolvePipeline(result.document, catalog, sources);
  };
  assert.ok(foundIn('body.a == 1').spec);
  for (const wrong of ['body.hunter2 ==', 'hunter2 == 1', "'hunter2'", "body.a.matches('(hunter2)\\\\1')"]) {
    const { spec, findings } = foundIn(wrong);
    assert.equal(spec, undefined);
    const [error] = findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual([error?.code, error?.line, error?.column], ['EXPRESSION_SYNTAX', 8, 17]);
    assert.ok(!JSON.stringify(findings).includes('hunter2'));
  }
});

test('a stage of expressions is refused where its value or its options are wrong', async () => {
  const found = await findingsOf(`- filter: 5
- { filter: "body.a == 1", only: 2 }
- map: {}
- map: { set: { a: 1 } }
- map: { keep: a }
- map: { renam: { a: b } }
- map: { rename: { a: b }, set: { b: "1" } }
- map: { set: { a: "1", a.b: "1" } }
- map: { set: { a.constructor.b: "1" } }
- map: { set: { "a..b": "1" } }
- { split: body.a, max: 0 }
`);
  assert.deepEqual(
    found.map((line) => line.replace(/^(\S+ \S+).*/, '$1')),
    [
      '1:11 WRONG_TYPE',
      '2:28 UNKNOWN_FIELD',
      '3:8 WRONG_VALUE',
      '4:20 WRONG_TYPE',
      '5:16 WRONG_TYPE',
      '6:10 UNKNOWN_FIELD',
      '7:8 WRONG_VALUE',
      '8:8 WRONG_VALUE',
      '9:8 WRONG_VALUE',
      '10:17 WRONG_VALUE',
      '11:25 WRONG_VALUE',
    ],
  );
});

test('a character of a text has its own position, however the text is written', () => {
  const text = `plain: body.x == 1 && body.BAD
single: 'it''s "ok" && body.BAD'
double: "tab\\t\\x41\\u0042 \\\\ \\"q\\" body.BAD"
literal: |
  body.x == 1 &&

    body.BAD
folded: >-
  body.x == 1 &&
  body.BAD
folded lines: >
  one

  two
    three
  body.BAD
plain lines: body.x == 1
  && body.BAD
single lines: 'one
  two

  body.BAD'
double lines: "one \\
   two
   body.BAD"
flow: { k: [ body.BAD, "é😀 body.BAD" ] }
wide: "\\U0001F600 body.BAD"
`;
  for (const source of [text, text.replaceAll('\n', '\r\n')]) {
    const { value, places } = parseYaml(source);
    const lines = source.split(/\r?\n/);
    const look = (found: unknown, at: string): void => {
      if (typeof found === 'object' && found !== null) {
        for (const [name, inner] of Object.entries(found)) look(inner, `${at}/${name}`);
        return;
      }
      const { line, column } = places.inText(at, String(found).indexOf('BAD'));
      assert.ok(lines[line - 1]?.slice(column - 1).startsWith('BAD'), `${at}: ${line}:${column}`);
    };
    look(value, '');
  }
});
