import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { memoryProject, newProject, type Project } from '../harness/project.ts';
import { REPOSITORY, startSluice } from '../harness/sluice-process.ts';

interface Checked {
  readonly code: number | NodeJS.Signals;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

async function check(project: Project): Promise<Checked> {
  await using process = startSluice(['check', 'pipelines/p.yaml', '--json'], { cwd: project.folder });
  const code = await process.ended();
  assert.equal(process.stderr(), '');
  assert.equal(process.stdout().trim().split('\n').length, 1, 'one envelope on one line');
  const { ok, findings } = JSON.parse(process.stdout()) as Omit<Checked, 'code'>;
  // Notices are about the bus.
  return { code, ok, findings: findings.filter(({ severity }) => severity !== 'notice') };
}

/** `FILE:LINE:COLUMN CODE` of each error, the file within the project. */
function places({ findings }: Checked): string[] {
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
}

test('the shipped pipelines are fine, and say so', async () => {
  const files = globSync('**/*.yaml', { cwd: join(REPOSITORY, 'pipelines') });
  assert.ok(files.length >= 2);
  for (const file of files) {
    await using process = startSluice(['check', `pipelines/${file}`]);
    assert.equal(await process.ended(), 0);
    assert.match(process.stdout(), new RegExp(`pipelines/${file} is fine\\.\n$`));
  }
});

for (const [surroundings, files] of [
  ['without node_modules', {}],
  [
    'with node_modules of its own',
    { 'node_modules/other/package.json': { name: 'other' }, 'package.json': { name: 'site' } },
  ],
] as const) {
  test(`a project outside of the repository finds the runtime's door ${surroundings}`, async () => {
    using project = memoryProject([{ function: 'f' }], {
      ...files,
      'functions/f.ts':
        "import { drop, emit, reject, type Transform } from 'sluice';\nconst f: Transform = () => [drop, emit, reject].every((one) => typeof one === 'function') ? drop('x') : 1;\nexport default f;",
    });
    assert.deepEqual(await check(project), { code: 0, ok: true, findings: [] });
  });
}

test('every broken function file is a finding at its place, all in one run', async () => {
  using project = memoryProject([{ function: 'syntax' }, { function: 'import' }], {
    'functions/syntax.ts': 'export default (body) => {\n  return body +;\n};\n',
    'functions/import.ts': "import { x } from 'no-such-package';\nexport default () => x;\n",
  });
  const checked = await check(project);
  assert.equal(checked.code, 2);
  assert.equal(checked.ok, false);
  assert.deepEqual(places(checked).toSorted(), [
    'functions/import.ts:1:19 FUNCTION_BROKEN',
    'functions/syntax.ts:2:16 FUNCTION_BROKEN',
  ]);
});

test('a file without a default export, one that exports no function, and one that throws while it is imported', async () => {
  using project = memoryProject([{ function: 'named' }, { function: 'value' }], {
    'functions/named.ts': 'export function named() { return 1; }\n',
    'functions/value.ts': 'export default { run() {} };\n',
  });
  const checked = await check(project);
  assert.deepEqual(places(checked), [
    'functions/named.ts:1:1 FUNCTION_BROKEN',
    'functions/value.ts:1:1 FUNCTION_BROKEN',
  ]);
  assert.deepEqual(
    checked.findings.map(({ found, write }) => [found, write]),
    [
      ['none', 'export default function (body) { return body; }'],
      ['a object', 'export default function (body) { return body; }'],
    ],
  );
  using throwing = memoryProject([{ function: 'start' }], {
    'functions/start.ts':
      "\nconst limit = Number(process.env['LIMIT'] ?? 'none');\nif (Number.isNaN(limit)) throw new Error('LIMIT is not set');\nexport default () => limit;\n",
  });
  const thrown = await check(throwing);
  assert.deepEqual([thrown.code, places(thrown)], [2, ['functions/start.ts:3:32 FUNCTION_BROKEN']]);
  assert.match(thrown.findings[0]?.found ?? '', /LIMIT is not set/);
});

test('schemas that are no JSON, or that no compiler takes, are findings; a file that the pipeline does not name is a warning', async () => {
  using project = memoryProject([{ validate: 'json' }, { validate: 'format' }, { validate: 'fine' }], {
    'schemas/json.json': '{\n  "type": "object",\n}',
    'schemas/format.json': { type: 'string', format: 'mgrs' },
    'schemas/fine.json': { type: 'object' },
    'schemas/unfinished.json': '{',
    'schemas/unsound.json': { $id: 'https://example.org/unsound', type: 'nothing' },
  });
  const checked = await check(project);
  assert.equal(checked.code, 2);
  assert.deepEqual(places(checked).toSorted(), [
    'schemas/format.json:3:13 SCHEMA_BROKEN',
    'schemas/json.json:3:1 SCHEMA_BROKEN',
  ]);
  const warned = checked.findings.filter(({ severity }) => severity === 'warning').map(({ file }) => file);
  assert.deepEqual(warned, ['schemas/unfinished.json', 'schemas/unsound.json']);
});

test('what is wrong with functions and schemas is found beside what is wrong with the file and its other routes', async () => {
  const stages = [
    { function: 'typed' },
    { validate: 'broken' },
    { function: 'fine', timout: '5s' },
    { function: 'gone' },
  ];
  using project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { hub: { bus: 'memory', hub: 'h' } },
      routes: [
        { name: 'r', from: { bus: 'hub', addresses: ['in'] }, stages, to: { bus: 'hub', address: 'out' } },
        { name: 'other', from: { bus: 'none', addresses: ['x'] }, to: { bus: 'hub', addres: 'y' } },
      ],
    },
    'functions/typed.ts': 'export default (body: { n: number }) => body.m;\n',
    'functions/fine.ts': 'export default (body: unknown) => body;\n',
    'schemas/broken.json': '{ "type": "int" }',
  });
  const checked = await check(project);
  assert.deepEqual(
    places(checked)
      .map((place) => place.replace(/:\d+:\d+ /, ' '))
      .toSorted(),
    [
      'functions/typed.ts FUNCTION_TYPES',
      'pipelines/p.yaml UNKNOWN_CONNECTION',
      'pipelines/p.yaml UNKNOWN_FIELD',
      'pipelines/p.yaml UNKNOWN_FIELD',
      'pipelines/p.yaml UNKNOWN_FUNCTION',
      'schemas/broken.json SCHEMA_BROKEN',
    ],
  );
  assert.equal(checked.findings.find(({ code }) => code === 'SCHEMA_BROKEN')?.write, '"integer"');
});

test('a pattern that could hold up the process is a finding where it stands, each of a schema and of one that it refers to', async () => {
  using project = memoryProject([{ validate: 's' }], {
    'schemas/s.json':
      '{\n  "type": "object",\n  "properties": {\n    "a": { "type": "string", "pattern": "^(a+)+$" },\n    "b": { "type": "string", "pattern": "^(.)\\\\1$" },\n    "c": { "$ref": "https://example.org/other" }\n  },\n  "patternProperties": { "^(?i:x)": {} }\n}',
    'schemas/other.json': '{ "$id": "https://example.org/other",\n  "type": "string", "pattern": "^(?<x>a)\\\\k<x>" }',
  });
  const checked = await check(project);
  assert.deepEqual(places(checked).toSorted(), [
    'schemas/other.json:2:32 PATTERN_UNSAFE',
    'schemas/s.json:5:41 PATTERN_UNSAFE',
    'schemas/s.json:8:26 PATTERN_UNSAFE',
  ]);
  const back = checked.findings.find(({ line }) => line === 5);
  assert.equal(back?.found, String.raw`"^(.)\\1$" with the back-reference \1`);
  assert.notEqual(back?.write, '');
});

test('a broken file of another pipeline does not keep this one from starting', async () => {
  using project = memoryProject([{ validate: 'fine' }], { 'schemas/fine.json': {}, 'schemas/unfinished.json': '{' });
  await using process = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
  await process.said('ready');
  process.signal('SIGTERM');
  assert.equal(await process.ended(), 0);
  const { code, place } = await process.said('check');
  assert.deepEqual([code, place], ['SCHEMA_BROKEN', 'schemas/unfinished.json:1:2']);
  assert.equal(process.lines().length, process.stderr().trim().split('\n').length, 'every line is one of the log');
});

test('without --json: one line a finding, its place first, and how many errors', async () => {
  using project = memoryProject([{ function: 'nowhere' }]);
  await using process = startSluice(['check', 'pipelines/p.yaml'], { cwd: project.folder });
  assert.equal(await process.ended(), 2);
  assert.match(process.stdout(), /^pipelines\/p\.yaml:\d+:\d+ {2}UNKNOWN_FUNCTION {2}error: expected .+, found .+\n/m);
  assert.match(process.stdout(), /\n1 error\.\n$/);
});

test('errors come last, notices are counted, and --notices says each of them once a file', async () => {
  using project = memoryProject([{ function: 'nowhere' }], { 'schemas/unfinished.json': '{' });
  const said = async (...options: readonly string[]): Promise<readonly string[]> => {
    await using process = startSluice(['check', 'pipelines/p.yaml', ...options], { cwd: project.folder });
    await process.ended();
    return process
      .stdout()
      .replaceAll(/^.*:\d+:\d+ {2}(\w+) {2}(\w+): .*$/gm, '$2 $1')
      .trim()
      .split('\n');
  };
  const [warning, error, write = ''] = await said();
  assert.deepEqual(
    [warning, error, write.trim()],
    ['warning SCHEMA_BROKEN', 'error UNKNOWN_FUNCTION', 'write the file functions/nowhere.ts'],
  );
  assert.deepEqual((await said()).slice(3), ['1 notice: --notices shows it.', '1 error.']);
  assert.deepEqual(
    (await said('--notices')).filter((line) => !line.startsWith(' ')),
    ['notice BUS_NOTE', 'warning SCHEMA_BROKEN', 'error UNKNOWN_FUNCTION', '1 error.'],
  );
});

test('an await outside of every function that never ends is a finding where it stands', async () => {
  using project = memoryProject([{ function: 'f' }, { function: 'fine' }], {
    'functions/f.ts': "import { limit } from './limit.ts';\nexport default () => limit;\n",
    'functions/limit.ts': 'setInterval(() => {}, 1000);\nexport const limit = await new Promise(() => {});\n',
    'functions/fine.ts': 'export default (body) => body;\n',
  });
  const checked = await check(project);
  assert.deepEqual([checked.code, places(checked)], [2, ['functions/limit.ts:2:22 FUNCTION_BROKEN']]);
  assert.match(checked.findings[0]?.found ?? '', /has not ended after 4 s/);
});

test('an option that does not exist is refused with the one that was most likely meant', async () => {
  for (const [words, said] of [
    [['check', 'p.yaml', '--notice'], /found --notice; did you mean --notices\?/],
    [['run', 'p.yaml', '--adminn=x'], /found --adminn; did you mean --admin\?/],
    [['schema', '--zzzzzz'], /found --zzzzzz; there are --out, --against, .*--json\n/],
  ] as const) {
    await using process = startSluice(words);
    assert.equal(await process.ended(), 2);
    assert.match(process.stderr(), said);
  }
});

test('sluice schema prints the published schema', async () => {
  await using process = startSluice(['schema']);
  assert.equal(await process.ended(), 0);
  assert.ok(process.stdout() === readFileSync(join(REPOSITORY, 'schemas/pipeline.schema.json'), 'utf8'));
});

test('every command tells of itself with two examples or more, and the overview of every command', async () => {
  await using overview = startSluice(['--help']);
  assert.equal(await overview.ended(), 0);
  const words = [...overview.stdout().matchAll(/^ {2}([a-z]+) +\S/gm)].map(([, word]) => word ?? '');
  for (const word of ['run', 'check', 'build', 'schema', 'demo']) assert.ok(words.includes(word), word);
  for (const word of words) {
    await using one = startSluice([word, '--help']);
    assert.equal(await one.ended(), 0);
    assert.match(one.stdout(), new RegExp(`^sluice ${word} `));
    const [, examples = ''] = one.stdout().split('\nExamples:\n');
    assert.ok((examples.match(new RegExp(`^ {2}# .+\n {2}sluice ${word}`, 'gm')) ?? []).length >= 2, word);
  }
});
