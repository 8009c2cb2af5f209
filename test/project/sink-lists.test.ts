import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { endOptions } from '../../runtime/host/end-options.ts';
import { busOf } from '../../runtime/host/catalog-of.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { explainRoute } from '../../runtime/project/explain/explain-route.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';

const BUSES = {
  field: { bus: 'mqtt', url: 'mqtt://a:1' },
  old: { bus: 'mqtt', url: 'mqtt://b:1', protocol: '3.1.1' },
  core: { bus: 'jetstream', url: 'nats://a:1' },
  log: { bus: 'kafka', brokers: ['a:1'] },
};
const STREAM = { bus: 'core', stream: 'IN', subjects: ['in.>'], key: '{subject.1}' };

function check(to: unknown, route: object = {}) {
  const text = JSON.stringify({ name: 'p', buses: BUSES, routes: [{ name: 'r', from: STREAM, to, ...route }] });
  const project = { functions: [], schemas: [] };
  const { spec, findings } = checkPipeline({
    text,
    file: 'p.yaml',
    catalog,
    project,
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  const [made] = spec?.routes ?? [];
  const said = findings
    .filter(({ severity, code }) => severity !== 'notice' && code !== 'UNUSED_CONNECTION')
    .map(({ code, path, found }) => `${code} ${path} ${found}`);
  const explained = (): ReturnType<typeof explainRoute> => {
    assert.ok(spec && made, findingsText(findings));
    const source = busOf(catalog, made.from.bus).sourceGuarantees(endOptions(spec, made.from));
    return explainRoute(
      made,
      source,
      made.sinks.map((sink) => busOf(catalog, sink.bus).sinkGuarantees(endOptions(spec, sink))),
    );
  };
  return { said, explained, spec };
}

const TRACKS = { bus: 'core', stream: 'OUT', subject: 'out.{key}' };
const TOPIC = { bus: 'log', topic: 'tracks' };
const FIELD = { bus: 'field', topic: 'out/{key}', qos: 1 };

test('each sink of a list is checked at its own place, and a fault of the route is one finding', () => {
  const { said } = check([
    TRACKS,
    { ...FIELD, topic: 'out/{kee}' },
    { bus: 'nowhere' },
    { bus: 'old', topic: 'a', headers: { set: { x: 'y' } } },
  ]);
  assert.deepEqual(
    said.map((line) => line.split(' ', 2).join(' ')),
    [
      'TEMPLATE_FIELD /routes/0/to/1/topic',
      'UNKNOWN_CONNECTION /routes/0/to/2/bus',
      'HEADER_UNWRITABLE /routes/0/to/3/headers/set/x',
    ],
  );
  assert.deepEqual(
    check([TRACKS, TOPIC], { class: 'command' }).said.length,
    1,
    'class command needs expires, said once',
  );
});

test('a list may not be empty, and may hold one', () => {
  assert.match(check([]).said.join(), /WRONG_VALUE \/routes\/0\/to /);
  const { spec, said } = check([TRACKS]);
  assert.deepEqual(said, []);
  assert.equal(spec?.routes[0]?.sinks.length, 1);
});

test('a promise is that of the weakest sink, which the finding names', () => {
  const promise = { grade: 'G2', duplicates: 'none' };
  assert.deepEqual(check([TRACKS, TOPIC], { promise: { grade: 'G2' } }).said, []);
  const { said } = check([TRACKS, FIELD], { promise });
  assert.deepEqual(said, [
    'PROMISE_UNMET /routes/0/promise/grade G1: to 2 is G1',
    'PROMISE_UNMET /routes/0/promise/duplicates window: to 2 does not remove them',
  ]);
});

test('a class that one sink of a list cannot keep is refused by its name', () => {
  const { said } = check([TRACKS, { bus: 'old', topic: 'out/{key}', qos: 1 }], { class: 'audit' });
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /CLASS_UNKEPT \/routes\/0\/class to 2: it carries no headers/);
});

test('explain says what holds at every sink', () => {
  const alone = check([TRACKS]).explained();
  assert.deepEqual([alone.grade, alone.duplicates, alone.to], ['G2', 'none', 'jetstream']);
  const both = check([TRACKS, FIELD]).explained();
  assert.deepEqual([both.grade, both.duplicates, both.to], ['G1', 'window', 'jetstream, mqtt']);
  const logs = check([TRACKS, TOPIC]).explained();
  assert.deepEqual([logs.grade, logs.duplicates, logs.to], ['G2', 'none', 'jetstream, kafka']);
  assert.ok(both.faults['one of several sinks is slow or away']);
  assert.equal(both.faults['no sink takes a message'], undefined);
  const chosen = check([
    { ...TRACKS, when: 'body.a' },
    { ...FIELD, when: 'body.b' },
  ]).explained();
  assert.match(chosen.faults['no sink takes a message'] ?? '', /body\.a; body\.b/);
});

test('a loop over one sink of a list is found, and is only possible where the sink has a condition', () => {
  const back = { bus: 'core', stream: 'IN', subject: 'in.{key}' };
  const [sure] = check([TRACKS, back]).said;
  assert.match(sure ?? '', /^ROUTE_LOOP \/routes\/0\/to\/1\/subject .* comes to/);
  const [possible] = check([TRACKS, { ...back, when: 'body.a' }]).said;
  assert.match(possible ?? '', /^ROUTE_LOOP \/routes\/0\/to\/1\/subject .* may come to/);
});

test('class telemetry beside a condition is a warning: a newer message that goes elsewhere replaces one that waits', () => {
  const { said } = check([{ ...TRACKS, when: 'body.a' }, FIELD], { class: 'telemetry' });
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^CLASS_NOTE \/routes\/0\/to\/0\/when /);
});

test('json options need one sink of a list that writes json', () => {
  const bytes = { from: { ...STREAM, codec: 'bytes' }, json: { numbers: 'exact' } };
  const sinks = (codec: string): readonly object[] => [
    { ...TRACKS, codec },
    { ...FIELD, codec: 'bytes' },
  ];
  assert.deepEqual(
    check(sinks('json'), bytes).said.filter((line) => line.startsWith('OPTIONS')),
    [],
  );
  assert.equal(check(sinks('bytes'), bytes).said.filter((line) => line.startsWith('OPTIONS')).length, 1);
});

test('explain names every condition of a list, and every stage of a kind', () => {
  const stages = [{ filter: 'body.c' }, { filter: 'body.d' }, { filter: 'body.d' }];
  const { faults } = check([{ ...TRACKS, when: 'body.a' }, FIELD], { stages }).explained();
  assert.match(faults['the condition of a sink is false'] ?? '', /to 1 unless body\.a$/);
  assert.match(faults['a filter is false'] ?? '', /^unless body\.c, [^;]+; unless body\.d, [^;]+$/);
});
