import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { oppositeEnds } from '../../runtime/verify/opposite-ends.ts';
import { endsOf } from './ends-of.ts';
import { endFromUrl } from '../../runtime/ends/end-url.ts';

const BUSES = {
  field: { bus: 'mqtt', url: 'mqtt://h:1883' },
  wire: { bus: 'nats', url: 'nats://h:4222' },
  core: { bus: 'jetstream', url: 'nats://h:4222' },
  log: { bus: 'kafka', brokers: ['h:9092'] },
  work: { bus: 'rabbitmq', url: 'amqp://h' },
};
const BUS_VALUES = [...catalog.buses.values()];
const NOW_MS = Date.parse('2026-01-01T00:01:00Z');

/** The ends of a route the other way round, which must be ends that the drivers take. */
function mirrored(from: object, to: object): unknown {
  const { spec, findings } = checkPipeline({
    text: JSON.stringify({ name: 'p', buses: BUSES, routes: [{ name: 'r', from, to }] }),
    file: 'p.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  const [route] = spec?.routes ?? [];
  assert.ok(route !== undefined, JSON.stringify(findings));
  const ends = oppositeEnds(route, catalog, NOW_MS);
  if (!('flaw' in ends)) endsOf({ name: 'p-verify', buses: BUSES, ...ends });
  return ends;
}

void test('the key goes into the level that the route takes it from, and other wildcards get a word', () => {
  assert.deepEqual(
    mirrored(
      { bus: 'field', topics: ['a/+/b/+/c', 'other'], qos: 1, key: '{topic.3}' },
      { bus: 'core', stream: 'S', subject: 'x.{key}.{topic.1}' },
    ),
    {
      in: { bus: 'field', topic: 'a/verify/b/{key}/c', qos: 1 },
      out: { bus: 'core', stream: 'S', subjects: ['x.*.*'], start: 'new' },
      key: '{topic.3}',
    },
  );
  assert.deepEqual(
    mirrored({ bus: 'wire', subjects: ['in.>'], key: '{subject.2}' }, { bus: 'field', topic: 'out/{key}' }),
    {
      in: { bus: 'wire', subject: 'in.verify.{key}' },
      out: { bus: 'field', topics: ['out/+'], qos: 1, session: '10m' },
      key: '{subject.2}',
    },
  );
});

void test('Kafka is read from a minute before, a queue as it is', () => {
  assert.deepEqual(mirrored({ bus: 'work', queue: 'q', key: '{body.a}' }, { bus: 'log', topic: 't' }), {
    in: { bus: 'work', queue: 'q' },
    out: { bus: 'log', topics: ['t'], start: { time: '2026-01-01T00:00:00.000Z' } },
    key: '{body.a}',
  });
  assert.deepEqual(mirrored({ bus: 'log', topics: ['t'] }, { bus: 'work', queue: 'q' }), {
    in: { bus: 'log', topic: 't' },
    out: { bus: 'work', queue: 'q' },
  });
});

void test('what the file does not say is said to be missing, never guessed', () => {
  const sink = { bus: 'wire', subject: 'x' };
  const source = { bus: 'wire', subjects: ['y'] };
  for (const [from, to, flaw] of [
    [{ bus: 'core', stream: 'S' }, sink, /^from: without `subjects`/],
    [{ bus: 'work', queue: 'q', key: '{routingKey.1}' }, sink, /^from: .*routing key/],
    [source, { bus: 'work', exchange: 'e', routingKey: 'k' }, /^to: from an exchange/],
    [{ ...source, key: '{subject.0}' }, { bus: 'log', topic: 't-{key}' }, /^to: its topic depends/],
  ] as const) {
    const ends = mirrored(from, to) as { readonly flaw: string };
    assert.match(ends.flaw, flaw);
  }
});

void test('an end is written as one URL, for every bus in both directions', () => {
  for (const [entrance, exit] of [
    ['mqtt://h:1883/a/{key}?qos=0', 'mqtt://h:1883/a/+?session=10m'],
    ['nats://h:4222/a.{key}', 'nats://h:4222/a.>'],
    ['jetstream://h:4222/S/a.{key}', 'jetstream://h:4222/S/a.*'],
    ['kafka://h:9092,i:9092/t', 'kafka://h:9092/t'],
    ['amqp://u:p@h:5672/v?exchange=e&routingKey=r.{key}', 'amqp://h/v?queue=q&shared=true'],
  ] as const) {
    const [into, outOf] = [endFromUrl(entrance, 'in', BUS_VALUES), endFromUrl(exit, 'out', BUS_VALUES)];
    assert.ok(into !== undefined && outOf !== undefined);
    endsOf({
      name: 'verify',
      buses: { in: into.connection, out: outOf.connection },
      in: { bus: 'in', ...into.end },
      out: { bus: 'out', ...outOf.end },
    });
  }
  assert.equal(endFromUrl('http://h/a', 'in', BUS_VALUES), undefined);
  assert.equal(endFromUrl('mqtt', 'in', BUS_VALUES), undefined);
});
