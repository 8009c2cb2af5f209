import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { memoryProject, newProject } from '../harness/project.ts';
import { startMemoryRun } from '../host/memory-run.ts';

const closed = (properties: object, required: readonly string[]): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
const SCHEMAS = {
  'schemas/track.v1.json': closed({ lat: { type: 'number', maximum: 90 }, bad: true }, ['lat']),
  'schemas/track.v2.json': closed({ at: closed({ lat: { type: 'number' } }, ['lat']) }, ['at']),
  'schemas/track.v3.json': closed({ position: closed({ latitude: { type: 'number' } }, ['latitude']) }, ['position']),
};
const FILES = {
  ...SCHEMAS,
  'functions/v1-to-v2.ts': `import { drop, emit, reject } from 'sluice';
export default ({ lat, bad }: any, { options, attempt }) => {
  if (bad === 'throw') throw new Error('no upcast');
  if (bad === 'drop') return drop('too old');
  if (bad === 'reject') return reject('not this one');
  if (bad === 'wrong') return { at: { lat: 'north' } };
  if (bad === 'two') return emit({ at: { lat } }, { at: { lat: lat + 1 } });
  if (bad === 'late') return new Promise(() => {});
  if (bad === 'again' && attempt < 3) throw new Error('again');
  return { at: { lat: lat + (options.add ?? 0) } };
};
`,
  'functions/v2-to-v3.ts': 'export default async ({ at }) => ({ position: { latitude: at.lat } });\n',
  'functions/v1-to-v3.ts': 'export default ({ lat }) => ({ position: { latitude: -lat } });\n',
};
const TWO = { validate: { of: ['track.v1', 'track.v2'] }, upcast: { 'track.v1': 'v1-to-v2' } };
const CHAIN = {
  validate: { of: ['track.v1', 'track.v2', 'track.v3'] },
  upcast: { 'track.v1': 'v1-to-v2', 'track.v2': 'v2-to-v3' },
};

function bodyOf({ body }: { readonly body: Uint8Array | null }): unknown {
  return JSON.parse(Buffer.from(body ?? []).toString());
}

test('without upcasts a body of any version goes on byte for byte, and the header names its version', async () => {
  await using run = await startMemoryRun({
    files: FILES,
    stages: [{ validate: { of: ['track.v1', 'track.v2'] } }],
    route: { stamp: true },
  });
  await run.publish('a', '{ "lat" : 1.0 }', { headers: new Map([['schema', ['a lie', 'and another']]]) });
  await run.publish('a', '{"at":{"lat":2}}');
  const frames = await run.take(2);
  assert.deepEqual(
    frames.map(({ body, headers }) => [Buffer.from(body ?? []).toString(), headers.get('schema')]),
    [
      ['{ "lat" : 1.0 }', ['track.v1']],
      ['{"at":{"lat":2}}', ['track.v2']],
    ],
  );
});

test('a body that fits no version is refused, and the error names the nearest and all others', async () => {
  await using run = await startMemoryRun({ files: FILES, stages: [CHAIN] });
  await run.publish('a', '{"at":{"lat":"north"}}');
  await run.publish('a', '[]');
  await run.rest(2);
  assert.deepEqual(
    run.letters().map(({ code, text: said, schema, pointer }) => [code, said, schema, pointer]),
    [
      [
        'SCHEMA_INVALID',
        'expected a body of schema track.v1 or track.v2 or track.v3, found /at/lat against type "number" (track.v2); / against required "position" (track.v3); / against required "lat" (track.v1)',
        'track.v2',
        '/at/lat',
      ],
      [
        'SCHEMA_INVALID',
        'expected a body of schema track.v1 or track.v2 or track.v3, found / against type "object" (track.v3); / against type "object" (track.v2); / against type "object" (track.v1)',
        'track.v3',
        '',
      ],
    ],
  );
});

test('upcasts lead from any version to the last one, through functions that await and that do not', async () => {
  await using run = await startMemoryRun({ files: FILES, stages: [CHAIN], route: { stamp: true } });
  await run.publish('a', '{"lat":1}');
  await run.publish('a', '{"at":{"lat":2}}');
  await run.publish('a', '{"position":{"latitude":3}}');
  await run.publish('a', '{"lat":4,"bad":"two"}');
  const frames = await run.take(5);
  assert.deepEqual(
    frames.map(bodyOf),
    [1, 2, 3, 4, 5].map((latitude) => ({ position: { latitude } })),
  );
  assert.deepEqual(
    frames.map(({ headers }) => headers.get('schema')),
    Array.from({ length: 5 }, () => ['track.v3']),
  );
});

test('an upcast may name a version further on, and gets options', async () => {
  await using run = await startMemoryRun({
    files: FILES,
    stages: [
      {
        ...CHAIN,
        upcast: { 'track.v1': { function: 'v1-to-v3', to: 'track.v3' }, 'track.v2': { function: 'v2-to-v3' } },
      },
    ],
  });
  await run.publish('a', '{"lat":1}');
  await run.publish('a', '{"at":{"lat":2}}');
  assert.deepEqual((await run.take(2)).map(bodyOf), [{ position: { latitude: -1 } }, { position: { latitude: 2 } }]);
  await using other = await startMemoryRun({
    files: FILES,
    stages: [{ ...TWO, upcast: { 'track.v1': { function: 'v1-to-v2', with: { add: 10 } } } }],
  });
  await other.publish('a', '{"lat":1}');
  assert.deepEqual((await other.take(1)).map(bodyOf), [{ at: { lat: 11 } }]);
});

test('an expression names the schema; a name that is missing, unknown or not that of the body is refused', async () => {
  await using run = await startMemoryRun({
    files: FILES,
    stages: [{ ...TWO, validate: { of: ['track.v1', 'track.v2'], by: 'header.schema' } }],
    route: { stamp: true },
  });
  const named = (schema: string) => ({ headers: new Map([['schema', [schema]]]) });
  await run.publish('a', '{"lat":1}', named('track.v1'));
  await run.publish('a', '{"at":{"lat":2}}', named('track.v2'));
  await run.publish('b', '{"lat":3}', named('track.v2'));
  await run.publish('c', '{"lat":4}', named('track.v9'));
  await run.publish('d', '{"lat":5}');
  await run.publish('e', '{"lat":6}', named('constructor'));
  await run.rest(6);
  const frames = await run.take(2);
  assert.deepEqual(frames.map(bodyOf), [{ at: { lat: 1 } }, { at: { lat: 2 } }]);
  assert.deepEqual(
    frames.map(({ headers }) => headers.get('schema')),
    [['track.v2'], ['track.v2']],
  );
  const unnamed = 'expected header.schema to name track.v1 or track.v2, found that it names none of them';
  const letters = run.letters().toSorted((one, other) => (String(one['address']) < String(other['address']) ? -1 : 1));
  assert.deepEqual(letters.map(({ code, text: said }) => [code, said]).toSpliced(2, 1), [
    ['SCHEMA_INVALID', 'expected a body of schema track.v2, found / against required "at"'],
    ['SCHEMA_INVALID', unnamed],
    ['SCHEMA_INVALID', unnamed],
  ]);
  assert.equal(letters[2]?.['code'], 'EXPRESSION_FAILED');
  assert.match(String(letters[2]?.['text']), /header\.schema/);
});

test('an expression may read the body and ask what is there', async () => {
  const by = "has(body.at) ? 'track.v2' : 'track.' + (has(header.version) ? header.version : 'v1')";
  await using run = await startMemoryRun({
    files: FILES,
    stages: [{ validate: { of: ['track.v1', 'track.v2'], by } }],
    route: { stamp: true },
  });
  await run.publish('a', '{"lat":1}');
  await run.publish('a', '{"at":{"lat":2}}');
  await run.publish('a', '{"lat":1}', { headers: new Map([['version', ['v1']]]) });
  assert.deepEqual(
    (await run.take(3)).map(({ headers }) => headers.get('schema')),
    [['track.v1'], ['track.v2'], ['track.v1']],
  );
});

for (const isolate of ['none', 'worker']) {
  test(`an upcast fails as a function does, with its line and its deadline (isolate: ${isolate})`, async () => {
    await using run = await startMemoryRun({
      files: FILES,
      stages: [{ ...TWO, isolate, timeout: '300ms' }],
      route: { retry: { attempts: 3, backoff: '10ms..20ms' } },
    });
    for (const bad of ['throw', 'reject', 'wrong', 'late']) await run.publish(bad, `{"lat":1,"bad":"${bad}"}`);
    await run.publish('drop', '{"lat":1,"bad":"drop"}');
    await run.publish('again', '{"lat":1,"bad":"again"}');
    const numbers = await run.rest(6);
    assert.equal(numbers.dropped, 1);
    assert.deepEqual((await run.take(1)).map(bodyOf), [{ at: { lat: 1 } }], 'the third attempt passes');
    const letters = run
      .letters()
      .map(({ code, text: said, position, schema }) => ({ code, said, position, schema }))
      .toSorted((one, other) => (String(one.code) < String(other.code) ? -1 : 1));
    assert.deepEqual(
      letters.map(({ code }) => code),
      ['SCHEMA_INVALID', 'TRANSFORM_REJECTED', 'TRANSFORM_THREW', 'TRANSFORM_TIMEOUT'],
    );
    assert.equal(
      letters[0]?.said,
      'expected a body of schema track.v2 from v1-to-v2, found /at/lat against type "number"',
    );
    assert.equal(letters[0]?.schema, 'track.v2');
    assert.equal(letters[2]?.position, 'functions/v1-to-v2.ts:3:30');
  });
}

/** `POINTER found -> write` of each error in a route of these stages. */
function errors(stages: readonly object[], more: object = {}): readonly string[] {
  using project = memoryProject(stages, FILES);
  project.write('pipelines/p.yaml', {
    name: 'p',
    buses: { hub: { bus: 'memory', hub: 'h' } },
    routes: [
      { name: 'r', from: { bus: 'hub', addresses: ['in'] }, stages, to: { bus: 'hub', address: 'out' }, ...more },
    ],
  });
  const { findings } = readPipeline(project.path('pipelines/p.yaml'), 'check').result;
  return findings.filter(({ severity }) => severity !== 'notice').map(text);
}

function text({ code, path, found, write }: Finding): string {
  return `${code} ${path.replace('/routes/0', '')} ${found} -> ${write}`;
}

test('a list and its upcasts that do not fit one another are findings at their place', () => {
  const of = (...names: readonly string[]): object => ({ of: names });
  const all = ['track.v1', 'track.v2', 'track.v3'];
  assert.deepEqual(errors([CHAIN]), []);
  assert.deepEqual(errors([{ validate: of('track.v1', 'trakc.v2') }]), [
    'UNKNOWN_SCHEMA /stages/0/validate/of/1 no such file -> track.v2',
  ]);
  assert.deepEqual(errors([{ validate: of('track.v1', 'track.v1') }]), [
    'WRONG_VALUE /stages/0/validate/of/1 track.v1 again -> nothing: remove track.v1',
  ]);
  assert.deepEqual(errors([{ validate: of(...all), upcast: { 'track.v1': 'v1-to-v2' } }]), [
    'OPTIONS_CONFLICT /stages/0/upcast none of track.v2 -> track.v2: FUNCTION',
  ]);
  assert.deepEqual(errors([{ validate: of(...all), upcast: { ...CHAIN.upcast, 'track.v3': 'v1-to-v3' } }]), [
    'OPTIONS_CONFLICT /stages/0/upcast/track.v3 track.v3 -> nothing: remove track.v3, or move it forward in of',
  ]);
  assert.deepEqual(errors([{ validate: of(...all), upcast: { ...CHAIN.upcast, 'track.v4': 'v1-to-v3' } }]), [
    'OPTIONS_CONFLICT /stages/0/upcast/track.v4 track.v4 -> track.v1: ...',
  ]);
  assert.deepEqual(
    errors([
      { validate: of(...all), upcast: { ...CHAIN.upcast, 'track.v2': { function: 'v2-to-v3', to: 'track.v1' } } },
    ]),
    ['OPTIONS_CONFLICT /stages/0/upcast/track.v2/to track.v1 -> to: track.v3'],
  );
  assert.deepEqual(errors([{ ...TWO, upcast: { 'track.v1': 'v1-to-v22' } }]), [
    'UNKNOWN_FUNCTION /stages/0/upcast/track.v1 no such file -> track.v1: v1-to-v2',
  ]);
  assert.deepEqual(errors([{ ...TWO, memory: '64MiB' }]), [
    'OPTIONS_CONFLICT /stages/0/memory no isolate: worker -> isolate: worker',
  ]);
  assert.deepEqual(errors([{ ...TWO, upcast: { 'track.v1': 'env:NAME' } }]), [
    'REFERENCE_REFUSED /stages/0/upcast/track.v1 env:NAME -> the name itself',
  ]);
  assert.deepEqual(errors([{ validate: of('env:NAME') }]), [
    'REFERENCE_REFUSED /stages/0/validate/of/0 env:NAME -> the name itself',
  ]);
  assert.deepEqual(errors([{ validate: of('track.v1'), timeout: '5s' }]), [
    'UNKNOWN_FIELD /stages/0/timeout timeout -> nothing: remove timeout',
  ]);
  assert.deepEqual(errors([{ validate: { of: all, by: 'env:BY' } }]), [
    'REFERENCE_REFUSED /stages/0/validate/by env:BY -> the name itself',
  ]);
  assert.deepEqual(errors([{ ...TWO, validate: { of: ['track.v1', 'track.v2'], by: 'header.schema' } }]), [
    'SCHEMA_HEADER_STALE /stages/0/validate/by upcasts, and a header schema that leaves as the publisher wrote it -> stamp: true, or headers: { drop: [schema] } in to',
  ]);
  assert.deepEqual(errors([{ validate: {} }]), [
    'MISSING_FIELD /stages/0/validate/of no such key -> of: ["track.v1","track.v2"]',
  ]);
});

test('stamp needs a schema of what leaves, a sink with headers, and no other word for that header', () => {
  assert.deepEqual(errors([TWO], { stamp: true }), []);
  assert.deepEqual(errors([], { stamp: true }), [
    'OPTIONS_CONFLICT /stamp none -> - validate: NAME as the last stage, or nothing: remove stamp',
  ]);
  assert.deepEqual(errors([TWO, { function: 'v2-to-v3' }], { stamp: true }), [
    'OPTIONS_CONFLICT /stamp none -> - validate: NAME as the last stage, or nothing: remove stamp',
  ]);
  const to = { bus: 'hub', address: 'out', headers: { set: { schema: 'mine' } } };
  assert.deepEqual(errors([TWO], { stamp: true, to }), [
    'OPTIONS_CONFLICT /stamp one that is set there beside stamp: true -> nothing: remove stamp, or schema there',
  ]);
  using project = newProject({
    ...FILES,
    'pipelines/p.yaml': {
      name: 'p',
      buses: { field: { bus: 'mqtt', url: 'mqtt://127.0.0.1', protocol: '3.1.1' } },
      routes: [
        {
          name: 'r',
          stamp: true,
          from: { bus: 'field', topics: ['in'], qos: 1 },
          stages: [{ validate: 'track.v1' }],
          to: { bus: 'field', topic: 'out' },
        },
      ],
    },
  });
  const { findings } = readPipeline(project.path('pipelines/p.yaml'), 'check').result;
  assert.deepEqual(findings.filter(({ severity }) => severity === 'error').map(text), [
    'HEADER_UNWRITABLE /stamp schema to a mqtt connection that carries none under these options -> protocol: "5" in the connection, where the server speaks it, or nothing: remove stamp',
  ]);
});
