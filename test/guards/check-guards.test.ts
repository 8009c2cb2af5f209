import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { openPlaces } from '../../runtime/project/guards/closed-schema.ts';
import { newProject } from '../harness/project.ts';
import { FILES, GUARD, TRACK_HIGH, TRACK_LOW } from './guard-fixture.ts';

interface Words {
  readonly guard?: object;
  readonly guards?: unknown;
  readonly file?: object;
  readonly high?: object;
  readonly low?: object;
  readonly stages?: readonly object[];
  readonly to?: object;
  readonly sinks?: readonly object[];
  readonly files?: Readonly<Record<string, string | object>>;
}

function findingsOf({ guard, guards, file, high, low, stages, to, sinks, files }: Words): readonly Finding[] {
  using project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      labels: 'ops',
      buses: {
        high: { bus: 'memory', hub: 'high', ceiling: 'S;REL=GBR,USA', ...high },
        low: { bus: 'memory', hub: 'low', ceiling: 'U;REL=*', ...low },
      },
      guards: guards ?? { g: { ...GUARD, ...guard } },
      routes: [
        {
          name: 'down',
          from: { bus: 'high', addresses: ['a/#'] },
          stages: stages ?? [{ guard: 'g' }],
          to: sinks ?? { bus: 'low', address: 'tracks/{key}', ...to },
        },
      ],
      ...file,
    },
    'functions/f.ts': 'export default (body) => body;',
    ...FILES,
    ...files,
  });
  return readPipeline(project.path('pipelines/p.yaml'), 'check').result.findings;
}

function errorsOf(words: Words): readonly Finding[] {
  return findingsOf(words).filter(({ severity }) => severity === 'error');
}

function shown(words: Words): readonly string[] {
  return errorsOf(words).map(({ code, path }) => `${code} ${path}`);
}

test('behind a guard the highest label is what it emits, and that alone reaches the sink', () => {
  assert.deepEqual(errorsOf({}), []);
  assert.deepEqual(shown({ stages: [] }).includes('LABEL_FLOW /routes/0/to/bus'), true);
  assert.deepEqual(shown({ guard: { emit: 'C;REL=GBR,USA' } }), ['LABEL_FLOW /routes/0/to/bus']);
  const dead = { file: { labels: { policy: 'ops', state: 'U', telemetry: 'S;REL=GBR,USA' } } };
  assert.deepEqual(shown(dead), ['LABEL_FLOW /labels/state'], 'dead letters hold what came');
});

test('a guard that accepts more than its source may hold, or labels that are none, are refused', () => {
  assert.deepEqual(shown({ guard: { accept: { max: 'TS;REL=GBR,USA' } } }), ['LABEL_POLICY /routes/0/stages/0/guard']);
  assert.deepEqual(shown({ guard: { accept: { max: 'SECRET' } } }), ['LABEL_POLICY /guards/g/accept/max']);
  assert.deepEqual(shown({ guard: { accept: { max: 'C;REL=GBR,USA', min: 'S' } } }), [
    'LABEL_POLICY /guards/g/accept/min',
  ]);
  assert.deepEqual(shown({ guard: { emit: 'Q' } }), ['LABEL_POLICY /guards/g/emit']);
});

test('exactly one guard is on the path, and nothing behind it changes the body', () => {
  const twice = [{ guard: 'g' }, { guard: 'g' }];
  assert.deepEqual(shown({ stages: twice }), ['GUARD_PLACE /routes/0/stages/1/guard']);
  assert.deepEqual(shown({ stages: [{ guard: 'h' }] }), ['UNKNOWN_GUARD /routes/0/stages/0/guard']);
  assert.deepEqual(shown({ stages: [{ guard: 'g' }, { function: 'f' }] }), ['GUARD_PLACE /routes/0/stages/1/function']);
  assert.deepEqual(shown({ stages: [{ function: 'f' }, { guard: 'g' }, { validate: 'track.low' }] }), []);
});

test('the sink reads nothing that the guard has dropped', () => {
  assert.deepEqual(shown({ to: { address: 'x/{address.1}' } }), ['GUARD_PLACE /routes/0/to/address']);
  assert.deepEqual(shown({ guard: { key: undefined } }), ['GUARD_PLACE /routes/0/to/address']);
  assert.deepEqual(shown({ guard: { key: undefined }, to: { address: 'x/{body.id}' } }), []);
  const set = { headers: { set: { place: '{address.0}' } } };
  assert.deepEqual(shown({ to: set }), ['GUARD_PLACE /routes/0/to/headers/set/place']);
  assert.deepEqual(shown({ to: { codec: 'text' } }), ['GUARD_PLACE /routes/0/to/codec']);
});

test('each sink of a list is judged, and a header that the guard drops is none to write', () => {
  const low = { bus: 'low', address: 'tracks/{key}' };
  const sinks = [low, { ...low, codec: 'text' }, { bus: 'low', address: 'x/{address.1}' }];
  assert.deepEqual(shown({ sinks }), ['GUARD_PLACE /routes/0/to/1/codec', 'GUARD_PLACE /routes/0/to/2/address']);
  const set = { headers: { set: { level: '{header.priority}' } } };
  assert.deepEqual(shown({ to: set }), ['GUARD_PLACE /routes/0/to/headers/set/level']);
  assert.deepEqual(shown({ to: set, guard: { headers: { priority: ['flash'] } } }), []);
});

test('a step that names a field which no schema has is refused: it would make nothing coarse', () => {
  const step = (one: object): object => ({ guard: { steps: [one] } });
  const round = (path: string): object => step({ round: { fields: [path], decimals: 1 } });
  assert.deepEqual(shown(round('lat')), []);
  const [finding] = errorsOf(round('latt'));
  assert.deepEqual([finding?.path, finding?.suggestion], ['/guards/g/steps/0/round/fields/0', 'lat']);
  for (const path of ['lat.x', 'source', 'id', 'toString'])
    assert.deepEqual(shown(round(path)), ['WRONG_VALUE /guards/g/steps/0/round/fields/0'], path);
  assert.deepEqual(shown(step({ time: { fields: ['lat'], truncate: '1m' } })).length, 1);
  assert.deepEqual(shown(step({ allowFields: ['id', 'source', 'idd'] })), [
    'WRONG_VALUE /guards/g/steps/0/allowFields/2',
  ]);
  assert.deepEqual(shown({ guard: { key: 'idd' } }), ['WRONG_VALUE /guards/g/key']);
  const point = { type: 'object', additionalProperties: false, properties: { lat: TRACK_LOW.properties.lat } };
  const nested = { points: { type: 'array', maxItems: 3, items: { $ref: '#/$defs/point' } } };
  const files = {
    'schemas/track.low.json': {
      ...TRACK_LOW,
      $defs: { point },
      properties: { ...TRACK_LOW.properties, ...nested },
    },
  };
  assert.deepEqual(shown({ ...round('points.lat'), files }), []);
  assert.deepEqual(shown({ ...round('points.lon'), files }).length, 1);
});

test('a list of words that finds nothing is refused', () => {
  for (const words of ['# remarks alone\n', '\u200b', 'a\ufffdb'])
    assert.deepEqual(
      shown({ guard: { steps: [{ denyPatterns: words }] } }),
      ['WRONG_VALUE /guards/g/steps/0/denyPatterns'],
      JSON.stringify(words),
    );
  assert.deepEqual(shown({ guard: { steps: [{ denyPatterns: '\ufeffnoforn\rsigint' }] } }), []);
});

test('the schema of a guard describes what leaves its route', () => {
  const isUndescribed = (stages: readonly object[]): boolean =>
    findingsOf({ stages, low: { ceiling: 'S;REL=GBR,USA' } }).some(({ code }) => code === 'BODY_UNDESCRIBED');
  assert.equal(isUndescribed([{ guard: 'g' }]), false);
  assert.equal(isUndescribed([{ function: 'f' }]), true);
});

test('steps stand in their one order', () => {
  const steps = [{ round: { fields: ['lat'], decimals: 1 } }, { allowFields: ['id'] }];
  assert.deepEqual(shown({ guard: { steps } }), ['GUARD_PLACE /guards/g/steps/1']);
  const rates = [{ rate: { perMinute: 1 } }, { rate: { perMinute: 100 } }];
  assert.deepEqual(shown({ guard: { steps: rates } }), ['GUARD_PLACE /guards/g/steps/1']);
  assert.deepEqual(shown({ guard: { steps: [{ sanitise: true }] } }).length, 1);
  assert.deepEqual(shown({ guard: { headers: { seclabel: ['x'] } } }), ['RESERVED_HEADER /guards/g/headers/seclabel']);
});

test('each guard has an audit file of its own', () => {
  assert.deepEqual(shown({ guards: { g: GUARD, h: GUARD } }), ['WRONG_VALUE /guards/h/audit']);
  const spelled = { ...GUARD, audit: './audit//x/../g.jsonl' };
  assert.deepEqual(shown({ guards: { g: GUARD, h: spelled } }), ['WRONG_VALUE /guards/h/audit']);
  assert.deepEqual(shown({ guards: { g: GUARD, h: { ...GUARD, audit: 'audit/h.jsonl' } } }), []);
});

test('a guard without a label policy is refused', () => {
  const findings = shown({ file: { labels: undefined }, high: { ceiling: undefined }, low: { ceiling: undefined } });
  assert.deepEqual(findings, ['LABEL_POLICY /guards']);
});

test('a schema that lets pass what nobody has listed is refused, with the places', () => {
  const { additionalProperties: _, ...open } = TRACK_HIGH;
  const [finding, ...others] = errorsOf({ files: { 'schemas/track.high.json': open } });
  assert.deepEqual(others, []);
  assert.equal(`${finding?.code} ${finding?.path}`, 'GUARD_OPEN_SCHEMA /guards/g/in');
  assert.match(finding?.found ?? '', /^\/: an object without additionalProperties: false$/);
  assert.deepEqual(shown({ guard: { out: 'track.lo' } }), ['UNKNOWN_SCHEMA /guards/g/out']);
});

test('free text needs an approval of each message', () => {
  const remarks = { type: 'string', maxLength: 100 };
  const files = { 'schemas/track.low.json': { ...TRACK_LOW, properties: { ...TRACK_LOW.properties, remarks } } };
  assert.deepEqual(shown({ files }), ['GUARD_FREE_TEXT /guards/g/out']);
  const key = (): string =>
    generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const by = { alice: key(), bob: key() };
  assert.deepEqual(shown({ files, guard: { approval: { by } } }), []);
  assert.deepEqual(shown({ files, guard: { approval: { by, when: "label.class == 'S'" } } }), [
    'GUARD_FREE_TEXT /guards/g/out',
  ]);
  assert.deepEqual(shown({ guard: { approval: { by, when: "label.class == 'X'" } } }), [
    'LABEL_POLICY /guards/g/approval/when',
  ]);
  assert.deepEqual(shown({ guard: { approval: { by: { alice: by.alice, bob: by.alice } } } }), [
    'WRONG_VALUE /guards/g/approval/by/bob',
  ]);
  assert.deepEqual(shown({ guard: { approval: { by: { alice: by.alice } } } }), [
    'OPTIONS_CONFLICT /guards/g/approval/by',
  ]);
  assert.deepEqual(shown({ guard: { approval: { by: { alice: 'x', bob: by.bob } } } }), [
    'WRONG_VALUE /guards/g/approval/by/alice',
  ]);
});

test('each way to leave a schema open is found at its place', () => {
  const text = { type: 'string', maxLength: 9, pattern: '^[a-z]+$' };
  const cases: readonly (readonly [schema: unknown, at: string | undefined, isFree?: boolean])[] = [
    [text, undefined],
    [{ enum: ['a'] }, undefined],
    [{ type: 'string', maxLength: 40, format: 'date-time' }, undefined],
    [{ type: 'integer', minimum: 0, exclusiveMaximum: 5 }, undefined],
    [{ $defs: { a: text }, $ref: '#/$defs/a' }, undefined],
    [{ type: 'object', unevaluatedProperties: false, properties: { a: text } }, undefined],
    [true, ''],
    [{}, ''],
    [{ type: 'object', properties: {} }, ''],
    [
      { type: 'object', additionalProperties: false, properties: { a: { type: 'number', minimum: 0 } } },
      '/properties/a',
    ],
    [{ type: 'array', items: text }, ''],
    [{ type: 'array', maxItems: 3 }, '/items'],
    [{ type: ['string', 'null'], pattern: '^a$' }, ''],
    [{ type: 'string', maxLength: 9, format: 'uri' }, ''],
    [{ type: 'string', maxLength: 9, pattern: '^(a|a)*$' }, ''],
    [{ $defs: { a: {} }, enum: [1] }, '/$defs/a'],
    [{ $ref: 'other.json' }, '/$ref'],
    [{ ...text, patternProperties: {} }, '/patternProperties'],
    [{ anyOf: [text] }, '/anyOf'],
    [{ $ref: '#/$defs/a', unevaluatedProperties: false, $defs: { a: text } }, ''],
    [{ $ref: '#/$defs/b', $defs: { a: text } }, '/$ref'],
    [{ $ref: '#a', $defs: { a: text } }, '/$ref'],
    [{ $ref: '#/examples/0', examples: [{ type: 'string' }] }, '/$ref'],
    [{ $ref: '#/$defs/a/properties/b', $defs: { a: { enum: [1], properties: { b: {} } } } }, '/$ref'],
    [{ $ref: '#/$defs/a', $defs: { a: { ...text, $id: 'other' } } }, '/$defs/a/$id'],
    [{ $ref: '#/$defs/a%25b', $defs: { 'a%b': text } }, undefined],
    [{ ...text, pattern: '^[A-Za-z0-9_ .,:/+-]+$' }, undefined],
    [{ type: 'string', maxLength: 9 }, '', true],
    [{ ...text, pattern: '^\\p{Any}*$' }, '', true],
    [{ ...text, pattern: '^[\\p{L}]*$' }, '', true],
    [{ ...text, pattern: '^[ -~]*$' }, '', true],
    [{ ...text, pattern: '^x[\\u{0}-\\u{10ffff}]$' }, '', true],
    [{ ...text, pattern: '^[\\w\\s]*$' }, '', true],
    [{ ...text, pattern: '[a-z]' }, '', true],
    [{ ...text, pattern: '^(?:a|b)' }, '', true],
    [{ ...text, pattern: '^.*$' }, '', true],
    [{ ...text, pattern: '^(?:x[^y]){2}$' }, '', true],
    [{ ...text, pattern: '^\\S+$' }, '', true],
  ];
  for (const [schema, at, isFree = false] of cases) {
    const [place] = openPlaces(schema);
    assert.deepEqual(
      place && [place.at, place.isFreeText],
      at === undefined ? undefined : [at, isFree],
      JSON.stringify(schema),
    );
  }
});
