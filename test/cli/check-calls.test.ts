import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

const LOCATION = {
  type: 'object',
  required: ['tid', 'at'],
  properties: { tid: { type: 'string' }, at: { type: 'object', properties: { lat: { type: 'number' } } } },
};
const TRACK = {
  type: 'object',
  required: ['id', 'kind', 'position'],
  properties: {
    id: { type: 'string' },
    kind: { enum: ['vessel', 'vehicle'] },
    position: {
      type: 'object',
      required: ['latitude', 'path'],
      properties: { latitude: { type: 'number' }, path: { type: 'array', items: { type: 'number' } } },
    },
  },
};
const SCHEMAS = {
  'schemas/location.v1.json': LOCATION,
  'schemas/track.v1.json': TRACK,
  'schemas/track.v2.json': {
    ...TRACK,
    properties: { ...TRACK.properties, position: { type: 'object', properties: { latitude: { type: 'string' } } } },
  },
};

/** One route of the file: the function `f` or another one, between schemas. */
interface Call {
  readonly before?: string;
  readonly name?: string;
  readonly after?: string;
}

/** `LINE found` of each FUNCTION_SCHEMAS finding; one route stands on each line, from 1. All other errors are returned too. */
async function checked(calls: readonly Call[], functions: Readonly<Record<string, string>>, more: object = {}) {
  const validate = (schema: string | undefined): readonly object[] =>
    schema === undefined ? [] : [{ validate: schema }];
  const lines = calls.map(({ before, name = 'f', after }, index) =>
    JSON.stringify({
      name: `r${index}`,
      from: { bus: 'hub', addresses: [`in${index}`] },
      stages: [...validate(before), { function: name }, ...validate(after)],
      to: { bus: 'hub', address: `out${index}` },
    }),
  );
  const pipeline = `{"routes":[\n${lines.join(',\n')}],\n"name":"p","buses":{"hub":{"bus":"memory","hub":"h"}}}\n`;
  using project = newProject({
    'pipelines/p.yaml': pipeline,
    ...SCHEMAS,
    ...Object.fromEntries(Object.entries(functions).map(([name, text]) => [`functions/${name}`, text])),
    ...more,
  });
  await using types = startSluice(['types'], { cwd: project.folder });
  await types.ended();
  await using process = startSluice(['check', 'pipelines/p.yaml', '--json'], { cwd: project.folder });
  await process.ended();
  const { findings } = JSON.parse(process.stdout()) as { findings: readonly Finding[] };
  const errors = findings.filter(({ severity }) => severity === 'error');
  return {
    calls: errors
      .filter(({ code }) => code === 'FUNCTION_SCHEMAS')
      .map(({ line, expected, found }) => `${line - 1} ${expected}, found ${found}`),
    others: errors.filter(({ code }) => code !== 'FUNCTION_SCHEMAS'),
    findings,
  };
}

const TYPED = `import type { Transform } from 'sluice';
import type { LocationV1, TrackV1 } from '../schemas/types.d.ts';
const f: Transform<LocationV1, TrackV1> = ({ tid }) => ({ id: tid, kind: 'vessel', position: { latitude: 1, path: [] } });
export default f;
`;

test('a function between the wrong schemas is a finding at its name, with both names and the field that differs', async () => {
  const { calls, others } = await checked(
    [
      { before: 'location.v1', after: 'track.v1' },
      { before: 'track.v1', after: 'track.v1' },
      { before: 'location.v1', after: 'track.v2' },
      {},
    ],
    { 'f.ts': TYPED },
  );
  assert.deepEqual(others, []);
  assert.deepEqual(calls, [
    "2 f to take a body of track.v1, found that it takes LocationV1 (location.v1), which differs at /tid: Type 'TrackV1' is missing the following properties from type 'LocationV1': tid, at (TS2739)",
    "3 f to return a body of track.v2, found that it returns TrackV1 (track.v1), which differs at /position/latitude: Type 'number' is not assignable to type 'string'. (TS2322)",
  ]);
});

test('every body that a function can return is compared, promises and emitted ones too, and a drop is none', async () => {
  const { calls, others } = await checked([{ before: 'location.v1', after: 'track.v1' }], {
    'f.ts': `import { drop, emit, reject } from 'sluice';
export default async (body: { tid: string }) => {
  if (body.tid === 'a') return drop('a');
  if (body.tid === 'b') return reject('b');
  if (body.tid === 'c') return emit({ id: 'c', kind: 'vessel', position: { latitude: 1, path: ['no number'] } });
  return { id: 'd', kind: 'vessel', position: { latitude: 1, path: [1] } };
};
`,
  });
  assert.deepEqual(others, []);
  assert.equal(calls.length, 1);
  assert.match(String(calls), /^1 f to return a body of track\.v1, .* differs at \/position\/path: /);
});

test('a function that states no types is compared by what is known of them', async () => {
  const functions = {
    'untyped.ts':
      "export default ({ tid, lost }) => ({ id: tid, kind: 'vessel', position: { latitude: lost, path: [] } });\n",
    'any.ts':
      "import type { Transform } from 'sluice';\nconst f: Transform<any> = (b) => ({ x: b });\nexport default f;\n",
    'same.ts': "import type { Transform } from 'sluice';\nconst f: Transform = (b) => b;\nexport default f;\n",
    'generic.ts': 'export default <T>(body: T) => body;\n',
    'none.ts': "export default () => ({ id: 'a', kind: 'vessel', position: { latitude: 1, path: [2] } });\n",
    'script.js': 'export default (body) => ({ body });\n',
    'wrong.ts': "export default () => ({ id: 'a', kind: 5, position: { latitude: 1, path: [2] } });\n",
  };
  const names = Object.keys(functions).map((file) => file.slice(0, -3));
  const { calls, others } = await checked(
    names.map((name) => ({ before: 'location.v1', name, after: 'track.v1' })),
    functions,
  );
  assert.deepEqual(others, []);
  assert.equal(calls.length, 1, calls.join('\n'));
  assert.match(String(calls), /^7 wrong to return a body of track\.v1, .* differs at \/kind: Type 'number'/);
});

test('a type that is stated and wider than the schema is a finding: the compiler cannot know better', async () => {
  const { calls } = await checked([{ before: 'location.v1', after: 'track.v1' }], {
    'f.ts': TYPED.replace('TrackV1>', "Omit<TrackV1, 'kind'> & { kind: string }>"),
  });
  assert.match(String(calls), /differs at \/kind: Type 'string' is not assignable to type/);
});

test("a project's own tsconfig.json, of modules that are none, does not hide the schemas", async () => {
  const { calls, others } = await checked(
    [{ before: 'track.v1' }, { before: 'location.v1' }],
    { 'f.ts': TYPED },
    {
      'package.json': { name: 'x' },
      'tsconfig.json': {
        compilerOptions: { module: 'nodenext', strict: true, noUnusedLocals: true, rootDir: 'functions' },
      },
    },
  );
  assert.deepEqual(others, []);
  assert.deepEqual(
    calls.map((call) => call.split(' ')[0]),
    ['1'],
  );
});

test('an upcast is compared with the schemas that it leads from and to', async () => {
  using project = newProject({
    ...SCHEMAS,
    'pipelines/p.yaml': {
      name: 'p',
      buses: { hub: { bus: 'memory', hub: 'h' } },
      routes: [
        {
          name: 'r',
          from: { bus: 'hub', addresses: ['in'] },
          stages: [{ validate: { of: ['track.v1', 'track.v2'] }, upcast: { 'track.v1': 'f' } }],
          to: { bus: 'hub', address: 'out' },
        },
      ],
    },
    'functions/f.ts': TYPED,
  });
  await using types = startSluice(['types'], { cwd: project.folder });
  await types.ended();
  await using process = startSluice(['check', 'pipelines/p.yaml', '--json'], { cwd: project.folder });
  assert.equal(await process.ended(), 2);
  const { findings } = JSON.parse(process.stdout()) as { findings: readonly Finding[] };
  const errors = findings.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    errors.map(({ code, path, expected }) => `${code} ${path} ${expected}`),
    [
      'FUNCTION_SCHEMAS /routes/0/stages/0/upcast/track.v1 f to take a body of track.v1',
      'FUNCTION_SCHEMAS /routes/0/stages/0/upcast/track.v1 f to return a body of track.v2',
    ],
  );
});
