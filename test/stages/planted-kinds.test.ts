import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodecKind } from '../../runtime/contract/codec.ts';
import { Dropped } from '../../runtime/contract/stage.ts';
import { memory } from '../../runtime/buses/memory/index.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import type { Catalog } from '#contract/catalog.ts';
import { catalogOf } from '../../runtime/host/catalog-of.ts';
import { endOptions } from '../../runtime/host/end-options.ts';
import { startPipeline } from '../../runtime/host/pipeline.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { explainRoute } from '../../runtime/project/explain/explain-route.ts';
import { pipelineSchemaText } from '../../runtime/project/fields/pipeline-schema.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { frameForTest } from '../engine/route-for-test.ts';
import { patient } from '../harness/patience.ts';
import { newProject } from '../harness/project.ts';
import { stagesPage, writtenPage } from './stages-page.ts';

/** `atLeast: 5`: a stage kind that names no file. */
const atLeast: StageKind = {
  verb: 'atLeast',
  value: { type: 'integer', minimum: 0, maximum: 100, examples: [5] },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      below: { type: 'string', enum: ['drop', 'pass'], default: 'drop', description: 'What a lower one is.' },
    },
  },
  changesBody: false,
  mayDrop: true,
  description: 'Drops a number that is lower than the value.',
  flaws: ({ atLeast: least, below }) => [
    ...(least === 13 ? [{ option: 'atLeast', expected: 'another number', found: '13', write: 'atLeast: 14' }] : []),
    ...(least === 0 && below === 'drop'
      ? [{ option: 'below', expected: 'no below beside 0', found: 'drop', write: 'nothing: remove below' }]
      : []),
  ],
  explain: ({ value }) => ({ 'a number is low': `below ${String(value)} it is dropped and counted` }),
  make: ({ name, value, options }) => ({
    name: `atLeast ${name}`,
    run: (message) =>
      Number(message.body) >= Number(value) || options['below'] === 'pass' ? message : new Dropped('too low'),
  }),
};

/** One byte: a codec that is no other. */
const octet: CodecKind<number> = {
  name: 'octet',
  contentType: 'application/x-octet',
  description: 'One byte: a `number`.',
  mediaTypes: ['application/x-octet', 'octet/*'],
  hasFields: false,
  decode: (bytes) => bytes[0] ?? 0,
  encode: (body) => Uint8Array.of(body),
};

function planted(): Catalog {
  const real = catalogOf([memory]);
  return {
    ...real,
    stages: new Map([...real.stages, [atLeast.verb, atLeast]]),
    codecs: new Map([...real.codecs, [octet.name, octet as CodecKind]]),
  };
}

function textOf(stage: string, ends: { readonly from?: string; readonly to?: string } = {}): string {
  const { from = '', to = '' } = ends;
  return `name: p
buses: { hub: { bus: memory, hub: planted } }
routes:
  - { name: r, from: { bus: hub, addresses: ["in/#"]${from} }, stages: [${stage}], to: { bus: hub, address: "out"${to} } }
`;
}

function check(text: string, catalog: Catalog, environment: Readonly<Record<string, string>> = {}) {
  return checkPipeline({
    text,
    file: 'p.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment,
    readFile: () => '',
    mode: 'run',
  });
}

function errorsOf(text: string, catalog = planted()): readonly string[] {
  return check(text, catalog)
    .findings.filter(({ severity }) => severity === 'error')
    .map(({ code, path, write }) => `${code} ${path} ${write}`);
}

const STAGE = '/routes/0/stages/0';

test('a planted stage kind without a file is checked by its own members, and unknown without them', () => {
  assert.deepEqual(errorsOf(textOf('{ atLeast: 5 }')), []);
  assert.deepEqual(errorsOf(textOf('{ atLeast: 5 }'), catalogOf([memory])), [
    `UNKNOWN_STAGE ${STAGE}/atLeast - validate: NAME`,
  ]);
  assert.deepEqual(errorsOf(textOf('{ atLeast: many }')), [`WRONG_TYPE ${STAGE}/atLeast atLeast: 5`]);
  assert.deepEqual(errorsOf(textOf('{ atLeast: 5, belo: drop }')), [`UNKNOWN_FIELD ${STAGE}/belo below:`]);
  assert.deepEqual(errorsOf(textOf('{ atLeast: 13 }')), [`WRONG_VALUE ${STAGE}/atLeast atLeast: 14`]);
  assert.deepEqual(errorsOf(textOf('{ atLeast: 0, below: drop }')), [
    `OPTIONS_CONFLICT ${STAGE}/below nothing: remove below`,
  ]);
});

test('a planted stage kind has its value by reference, its defaults, its explanation', () => {
  const catalog = planted();
  const { spec, findings } = check(textOf('{ atLeast: "env:LEAST" }'), catalog, { LEAST: '7' });
  const route = spec?.routes[0];
  assert.ok(route, findingsText(findings));
  const [stage] = route.stages;
  assert.deepEqual([stage?.verb, stage?.name, stage?.value, stage?.options], ['atLeast', '1', 7, { below: 'drop' }]);
  const bus = catalog.buses.get('memory');
  assert.ok(bus);
  const source = bus.sourceGuarantees(endOptions(spec, route.from));
  const sink = bus.sinkGuarantees(endOptions(spec, route.to));
  assert.equal(explainRoute(route, source, [sink]).faults['a number is low'], 'below 7 it is dropped and counted');
});

test('a planted codec is taken by name, and its bodies have the fields that it says', () => {
  const from = (codec: string, key: string): string => textOf('', { from: `, codec: ${codec}, key: "${key}"` });
  assert.deepEqual(errorsOf(from('octet', '{address.1}')), []);
  assert.deepEqual(errorsOf(from('octet', '{address.1}'), catalogOf([memory])), [
    'WRONG_VALUE /routes/0/from/codec codec: json',
  ]);
  assert.equal(errorsOf(from('octet', '{body.a}')).length, 1);
  assert.deepEqual(errorsOf(from('json', '{body.a}')), []);
});

test('planted kinds stand in the published schema and on the page of stages', () => {
  const catalog = planted();
  const schema = pipelineSchemaText(catalog);
  assert.match(schema, /"stage\.atLeast": \{/);
  assert.match(schema, /"description": ?"Drops a number that is lower than the value\."/);
  assert.match(schema, /"msgpack",\s*"octet"/);
  const page = stagesPage(catalog);
  assert.ok(page.includes('| `atLeast` | integer from 0 to 100 | Drops a number that is lower than the value. | no |'));
  assert.ok(page.includes('### Options of `atLeast`\n'));
  assert.ok(
    page.includes(
      '| `octet` | `application/x-octet`, `octet/*` | `application/x-octet` | One byte: a `number`. | no |',
    ),
  );
});

test('docs/stages.md is what the catalog generates', async () => {
  const { catalog } = await import('../../runtime/host/catalog.ts');
  assert.ok(writtenPage() === stagesPage(catalog), 'it drifted: node test/stages/stages-page.ts');
});

test('planted kinds are at work: by content type, by name, and in their place of the route', async () => {
  using project = newProject({ 'pipelines/p.yaml': '' });
  const catalog = planted();
  const { spec, findings } = check(textOf('{ atLeast: 5 }', { to: ', codec: json' }), catalog);
  assert.ok(spec, findingsText(findings));
  const hub = memoryHub('planted');
  const out = hub.subscribe('test', ['out']);
  const pipeline = await startPipeline(spec, {
    catalog,
    parts: { functions: new Map(), validators: new Map() },
    log: { info() {}, warn() {}, error() {} },
    stateFolder: project.path('state'),
    admin: undefined,
    failFast: false,
    drainMs: 100,
    environment: {},
  });
  await pipeline.ready;
  for (const [body, contentType] of [
    [3, 'application/x-octet'],
    [9, 'octet/small'],
    [4, 'octet/small'],
    [8, 'application/x-octet'],
  ] as const) {
    await hub.publish({ ...frameForTest('in/a', ''), body: Uint8Array.of(body), contentType });
  }
  const got: string[] = [];
  while (got.length < 2) {
    const read = await out.read({ messages: 2, bytes: 100 }, AbortSignal.timeout(patient(5000)));
    assert.ok(read.length > 0, `${got.length} of 2 came out`);
    got.push(...read.map(({ frame }) => Buffer.from(frame.body ?? []).toString()));
  }
  await pipeline.stop();
  assert.deepEqual(got, ['9', '8']);
});
