import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { busOf } from '../../runtime/host/catalog-of.ts';
import { endOptions } from '../../runtime/host/end-options.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { explainRoute } from '../../runtime/project/explain/explain-route.ts';
import { field, mapSchema, parseMap } from '../../runtime/project/fields/field.ts';
import { FIELDS, type FieldTables } from '../../runtime/project/fields/field-tables.ts';
import { pipelineSchema } from '../../runtime/project/fields/pipeline-schema.ts';
import { RETRY_FIELDS } from '../../runtime/project/fields/retry.ts';
import { numberOr } from '../../runtime/project/fields/values.ts';
import { wordList } from './words-page.ts';

/** A word that no version has. */
const patience = field({
  schema: { type: 'integer', minimum: 1, default: 7, description: 'How often the route sighs.' },
  parse: (holder) => ({ sighs: numberOr(holder, 'patience', 7) }),
  check({ at, route, findings }) {
    if (own(route, 'patience') !== 13) return;
    const place = pointerTo(at, 'patience');
    findings.add({ code: 'WRONG_VALUE', at: place, expected: 'a lucky number', found: '13', write: 'patience: 12' });
  },
  explain: ({ sighs }) => ({ 'the route loses patience': `it sighs ${sighs} times` }),
  doc: '`patience`: how often the route sighs, 7 times unless said otherwise.',
});

const WITH_WORD = {
  route: { ...FIELDS, route: { ...FIELDS.route, patience } },
  source: { ...FIELDS, source: { ...FIELDS.source, patience } },
  sink: { ...FIELDS, sink: { ...FIELDS.sink, patience } },
} as const;

type Holder = keyof typeof WITH_WORD;

function checked(holder: Holder, word: object, fields?: FieldTables) {
  const on = (which: Holder): object => (which === holder ? word : {});
  const file = {
    name: 'p',
    buses: { m: { bus: 'memory', hub: 'h' } },
    routes: [
      {
        name: 'r',
        ...on('route'),
        from: { bus: 'm', addresses: ['a/+'], ...on('source') },
        to: { bus: 'm', address: 'b', ...on('sink') },
      },
    ],
  };
  return checkPipeline({
    text: JSON.stringify(file),
    file: 'p.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'run',
    ...(fields !== undefined && { fields }),
  });
}

for (const holder of ['route', 'source', 'sink'] as const) {
  const fields = WITH_WORD[holder];

  test(`a word of a ${holder} is one entry: read, defaulted, checked, explained, published, and unknown without it`, () => {
    const sighsOf = (word: object): unknown => {
      const { spec, findings } = checked(holder, word, fields);
      const [route] = spec?.routes ?? [];
      assert.ok(route, findingsText(findings));
      for (const { options } of [route.from, route.to]) assert.ok(!('patience' in options), 'it is none of the driver');
      return Reflect.get({ route, source: route.from, sink: route.to }[holder], 'sighs');
    };
    assert.equal(sighsOf({ patience: 3 }), 3);
    assert.equal(sighsOf({}), 7);

    const wrong = checked(holder, { patience: 'much' }, fields).findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      wrong.map(({ code }) => code),
      ['WRONG_TYPE'],
    );

    const { spec } = checked(holder, { patience: 3 }, fields);
    const [route] = spec?.routes ?? [];
    assert.ok(spec && route);
    const bus = busOf(catalog, 'memory');
    const from = bus.sourceGuarantees(endOptions(spec, route.from));
    const { faults } = explainRoute(route, from, [bus.sinkGuarantees(endOptions(spec, route.to))], fields);
    assert.equal(faults['the route loses patience'], 'it sighs 3 times');

    const [published, without] = [pipelineSchema(catalog, fields), pipelineSchema(catalog)].map((one) =>
      JSON.stringify(one),
    );
    assert.ok(published?.includes('How often the route sighs.') && !without?.includes('sighs'));
    assert.ok(wordList(fields).includes(patience.doc) && !wordList(FIELDS).includes('patience'));

    const unknown = checked(holder, { patience: 3 }).findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      unknown.map(({ code, found }) => `${code} ${found}`),
      ['UNKNOWN_FIELD patience'],
    );
  });
}

test('a word of a map within a route is one entry of the table of that map', () => {
  const nested = { ...RETRY_FIELDS, patience };
  const retry = field({
    schema: mapSchema(nested, {}),
    parse: (route) => ({ retry: parseMap(nested, asMap(own(route, 'retry')), {}) }),
    doc: '`retry`',
    fields: nested,
  });
  const fields = { ...FIELDS, route: { ...FIELDS.route, retry } };
  const { spec } = checked('route', { retry: { patience: 3 } }, fields);
  assert.deepEqual(Reflect.get(spec?.routes[0]?.retry ?? {}, 'sighs'), 3);
  assert.ok(JSON.stringify(pipelineSchema(catalog, fields)).includes('How often the route sighs.'));
  assert.ok(wordList(fields).includes(`\n  - ${patience.doc}`));
  const unknown = checked('route', { retry: { patience: 3 } }).findings.map(({ code, found }) => `${code} ${found}`);
  assert.ok(unknown.includes('UNKNOWN_FIELD patience'));
});

test('a word that has a check of its own is judged by it', () => {
  const { findings } = checked('route', { patience: 13 }, WITH_WORD.route);
  const [finding] = findings.filter(({ severity }) => severity === 'error');
  assert.equal(`${finding?.code} ${finding?.write}`, 'WRONG_VALUE patience: 12');
});
