import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import type { Finding } from '../../runtime/project/check/findings.ts';

interface Given {
  readonly from: object;
  readonly to: object;
  readonly [word: string]: unknown;
}

const BUSES = {
  mqtt: { bus: 'mqtt', url: 'mqtt://127.0.0.1' },
  again: { bus: 'mqtt', url: 'mqtt://LOCALHOST:1883', clientId: 'x' },
  far: { bus: 'mqtt', url: 'mqtt://127.0.0.1:1884' },
  nats: { bus: 'nats', url: 'nats://n:4222' },
  jetstream: { bus: 'jetstream', url: ['nats://n', 'nats://o'] },
  kafka: { bus: 'kafka', brokers: ['k1:9092', 'k2:9092'] },
  other: { bus: 'kafka', brokers: ['k2:9092'] },
  rabbitmq: { bus: 'rabbitmq', url: 'amqp://r' },
  rabbitTwo: { bus: 'rabbitmq', url: 'amqp://r/two' },
  secret: { bus: 'mqtt', url: 'mqtt://s', username: 'u', password: 'env:PASSWORD' },
  hidden: { bus: 'mqtt', url: 'env:NOWHERE' },
  hiddenToo: { bus: 'mqtt', url: 'env:ELSEWHERE' },
};

/** Routes r0, r1, ... of a file that has every bus. */
function loopsOf(...routes: readonly Given[]): readonly Finding[] {
  const { findings } = checkPipeline({
    text: JSON.stringify({
      name: 'p',
      buses: BUSES,
      routes: routes.map((route, at) => ({ name: `r${at}`, ...route })),
    }),
    file: 'p.yaml',
    catalog,
    project: { functions: ['f.ts'], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'check',
  });
  const others = findings.filter(({ code, severity }) => severity === 'error' && code !== 'ROUTE_LOOP');
  assert.deepEqual(others, []);
  return findings.filter(({ code }) => code === 'ROUTE_LOOP');
}

const told = (...routes: readonly Given[]): string[] =>
  loopsOf(...routes).map(({ severity, path }) => `${severity} ${path}`);

const mqtt = (topics: readonly string[], topic: string, more: object = {}, to: object = {}): Given => ({
  from: { bus: 'mqtt', topics },
  to: { bus: 'mqtt', topic, ...to },
  ...more,
});
const SURE = ['error /routes/0/to/topic'];
const PERHAPS = ['warning /routes/0/to/topic'];

test('a sink inside of its own source is an error where each message comes back, and names both places', () => {
  assert.deepEqual(told(mqtt(['a/#'], 'a/b')), SURE);
  assert.deepEqual(told(mqtt(['a/#'], 'a/{topic.1}/copy')), SURE);
  assert.deepEqual(told(mqtt(['a/+'], '{topic.0+}')), SURE);
  assert.deepEqual(told(mqtt(['a/+'], 'a/b', {}, { bus: 'again' })), PERHAPS, 'perhaps another account');
  const [finding] = loopsOf(mqtt(['x', 'a/#'], 'a/b'));
  assert.match(finding?.found ?? '', /comes to its own source by the filter at p\.yaml:1:\d+$/);
  assert.notEqual(finding?.found.split(':').at(-1), String(finding?.column));
});

test('a sink that comes back only with some values, or past a stage that may end it, is a warning', () => {
  assert.deepEqual(told(mqtt(['a/+'], '{body.kind}/b')), PERHAPS);
  assert.deepEqual(told(mqtt(['+/in'], '{topic.0}/{body.way}')), PERHAPS);
  assert.deepEqual(told(mqtt(['a/#'], 'a/b', { stages: [{ function: 'f' }] })), PERHAPS);
  const dedupe = { from: { bus: 'mqtt', topics: ['a/#'], dedupe: { by: '{header.n}' } } };
  assert.deepEqual(told(mqtt(['a/#'], 'a/b', dedupe)), PERHAPS);
});

test('what cannot come back is not told of', () => {
  for (const [topics, topic] of [
    [['a/#'], 'b/{topic.0+}'],
    [['raw/#'], '{topic.0}-clean/{topic.1+}'],
    [['+/raw'], '{topic.0}/clean'],
    [['a/+'], 'a/{topic.1}/copy'],
    [['#'], '$local/copy'],
    [['a/+'], 'x{topic.1}/b'],
  ] as const) {
    assert.deepEqual(told(mqtt([...topics], topic)), [], topic);
  }
  assert.deepEqual(told(mqtt(['#'], 'a', {}, { bus: 'far' })), [], 'another server');
  assert.deepEqual(told(mqtt(['#'], 'a', {}, { bus: 'hidden' })), [], 'nobody knows which server');
  const hidden = mqtt(['#'], 'a', { from: { bus: 'hidden', topics: ['#'] } }, { bus: 'hiddenToo' });
  assert.deepEqual(told(hidden), [], 'two that nobody knows');
  const named = mqtt(['#'], 'a', { from: { bus: 'secret', topics: ['#'] } }, { bus: 'secret' });
  assert.deepEqual(told(named), SURE, 'a server whose password alone lies elsewhere');
});

test('routes that feed each other are one finding, at the end that closes the circle', () => {
  const there: Given = { from: { bus: 'mqtt', topics: ['up/+'] }, to: { bus: 'kafka', topic: 'up.{topic.1}' } };
  const back: Given = { from: { bus: 'other', topics: ['up.a', 'x'] }, to: { bus: 'mqtt', topic: 'up/{topic.1}' } };
  const aside: Given = { from: { bus: 'kafka', topics: ['up.a'] }, to: { bus: 'far', topic: 'up/a' } };
  const [finding, ...more] = loopsOf(there, aside, back);
  assert.deepEqual([more.length, finding?.severity, finding?.path], [0, 'warning', '/routes/2/to/topic']);
  assert.match(finding?.found ?? '', /route r2: what it sends may come to route r0, and so to itself/);
  const sure = (topic: string): Given => ({
    from: { bus: 'kafka', topics: [topic] },
    to: { bus: 'kafka', topic: topic === 'a' ? 'b' : 'a' },
  });
  assert.deepEqual(told(sure('a'), sure('b')), ['error /routes/1/to/topic']);
});

test('each bus says by its own rules what a sink feeds', () => {
  const from = (bus: string, words: object) => ({ bus, ...words });
  const cases: readonly (readonly [object, object, string[]])[] = [
    [from('nats', { subjects: ['a.>'] }), { bus: 'nats', subject: 'a.b' }, ['error']],
    [from('nats', { subjects: ['a.>'] }), { bus: 'nats', subject: 'a' }, []],
    [from('nats', { subjects: ['a.>'] }), { bus: 'jetstream', stream: 'S', subject: 'a.b' }, ['warning']],
    [from('jetstream', { stream: 'S' }), { bus: 'jetstream', stream: 'S', subject: 'b' }, ['error']],
    [from('jetstream', { stream: 'S', subjects: ['a'] }), { bus: 'jetstream', stream: 'S', subject: 'b' }, []],
    [from('jetstream', { stream: 'S', subjects: ['a'] }), { bus: 'jetstream', stream: 'T', subject: 'a' }, []],
    [from('jetstream', { stream: 'S', subjects: ['a.*'] }), { bus: 'nats', subject: 'a.b' }, ['warning']],
    [from('kafka', { topics: ['a.b'] }), { bus: 'kafka', topic: 'a.b' }, ['error']],
    [from('kafka', { topics: ['a.b'] }), { bus: 'kafka', topic: 'a.{key}' }, ['warning']],
    [from('kafka', { topics: ['a.b'] }), { bus: 'kafka', topic: 'a.b.c' }, []],
    [from('rabbitmq', { queue: 'q' }), { bus: 'rabbitmq', queue: 'q' }, ['error']],
    [from('rabbitmq', { queue: 'q' }), { bus: 'rabbitTwo', queue: 'q' }, []],
    [from('rabbitmq', { queue: 'q' }), { bus: 'rabbitmq', exchange: 'e', routingKey: 'q' }, []],
    [
      from('rabbitmq', { exchange: 'e', exchangeType: 'topic', bind: [{ routingKey: '#.in' }] }),
      { bus: 'rabbitmq', exchange: 'e', routingKey: 'a.b.in' },
      ['error'],
    ],
    [
      from('rabbitmq', { exchange: 'e', exchangeType: 'direct', bind: [{ routingKey: '#' }] }),
      { bus: 'rabbitmq', exchange: 'e', routingKey: 'a' },
      [],
    ],
    [
      from('rabbitmq', { exchange: 'e', bind: [{ routingKey: '#' }] }),
      { bus: 'rabbitmq', exchange: 'e', routingKey: 'a' },
      ['warning'],
    ],
    [from('rabbitmq', { exchange: 'e', exchangeType: 'fanout' }), { bus: 'rabbitmq', exchange: 'e' }, ['error']],
    [from('rabbitmq', { exchange: 'e', exchangeType: 'fanout' }), { bus: 'rabbitmq', queue: 'p.r0' }, ['error']],
  ];
  for (const [source, sink, expected] of cases) {
    const found = loopsOf({ from: source, to: sink }).map(({ severity }) => severity);
    assert.deepEqual(found, expected, JSON.stringify([source, sink]));
  }
});

test('dead letters that come back to their route are an error, and those that are repaired elsewhere a warning', () => {
  const deadLetter = { bus: 'mqtt', topic: 'in/{route}' };
  const failing = mqtt(['in/+'], 'out', { deadLetter });
  assert.deepEqual(told(failing), ['error /routes/0/deadLetter/topic']);
  const dying = mqtt(['in/+'], 'out', { deadLetter: { bus: 'mqtt', topic: 'dead/{route}' } });
  assert.deepEqual(told(dying), []);
  assert.deepEqual(told(dying, mqtt(['dead/+'], 'in/again')), ['warning /routes/1/to/topic']);
});

test('a file with as many routes and filters as it may hold is judged in time', () => {
  const routes = Array.from({ length: 1500 }, (_, at) => mqtt([`a${at}/+`, `b${at}/#`], `c${at}/{topic.0+}`));
  const many = mqtt(
    Array.from({ length: 5000 }, (_, at) => `t${at}/+`),
    '{topic.1}/{topic.0}',
  );
  const start = process.cpuUsage();
  assert.deepEqual(told(...routes), []);
  assert.deepEqual(told(many), PERHAPS);
  const { user } = process.cpuUsage(start);
  assert.ok(user < 5e6, `${user} us`);
});
