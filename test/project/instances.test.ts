import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOptions } from '../../runtime/host/end-options.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { busOf } from '../../runtime/host/catalog-of.ts';
import { CLASS_NAMES, type TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { explainRoute, explanationText } from '../../runtime/project/explain/explain-route.ts';
import { checkedFile } from './checked-file.ts';

const SOURCES = {
  kafka: { bus: 'log', topics: ['t'] },
  'kafka, its own key': { bus: 'log', topics: ['t'], key: '{body.unit}' },
  'kafka, no metadata': { bus: 'log', topics: ['t'], maxCommitMetadata: '0B' },
  jetstream: { bus: 'core', stream: 'S', key: '{subject.1}' },
  mqtt: { bus: 'field', topics: ['a/+'], key: '{topic.1}' },
  'mqtt, shared': { bus: 'field', topics: ['a/+'], key: '{topic.1}', shared: 'g', sequence: '{body.n}' },
  rabbitmq: { bus: 'work', queue: 'q', key: '{header.unit}' },
  'rabbitmq, shared': { bus: 'work', queue: 'q', key: '{header.unit}', shared: true, sequence: '{body.n}' },
  'rabbitmq, stream': { bus: 'work', queue: 's', type: 'stream', key: '{header.unit}' },
  nats: { bus: 'loose', subjects: ['a.*'], key: '{subject.1}' },
  'nats, group': { bus: 'loose', subjects: ['a.*'], key: '{subject.1}', queue: 'g' },
} as const;
type SourceName = keyof typeof SOURCES;

const SINKS = { kafka: { bus: 'log', topic: 'out' }, jetstream: { bus: 'core', stream: 'T', subject: 'b' } } as const;

interface Said {
  /** Undefined where the ends cannot keep the class at all. */
  readonly several: string | undefined;
  readonly notes: readonly string[];
  readonly severities: readonly string[];
}

function said(from: SourceName, trafficClass: TrafficClass, to: keyof typeof SINKS = 'kafka', words = {}): Said {
  const { spec, findings } = checkedFile(
    {
      name: 'p',
      buses: {
        log: { bus: 'kafka', brokers: ['h:1'] },
        core: { bus: 'jetstream', url: 'nats://h:1' },
        field: { bus: 'mqtt', url: 'mqtt://h:1' },
        work: { bus: 'rabbitmq', url: 'amqp://h:1' },
        loose: { bus: 'nats', url: 'nats://h:1' },
      },
      routes: [
        {
          name: 'r',
          class: trafficClass,
          from: { ...SOURCES[from], ...(trafficClass === 'command' && { expires: '30s' }) },
          to: SINKS[to],
          ...words,
        },
      ],
    },
    { mode: 'run' },
  );
  const [route] = spec?.routes ?? [];
  if (spec === undefined || route === undefined) return { several: undefined, notes: [], severities: [] };
  const source = busOf(catalog, route.from.bus).sourceGuarantees(endOptions(spec, route.from));
  const sink = busOf(catalog, route.to.bus).sinkGuarantees(endOptions(spec, route.to));
  const explained = explainRoute(route, source, [sink]);
  const text = explanationText([explained]);
  assert.match(text, /with one instance +class \w+ is kept/);
  assert.ok(text.includes(explained.instances.several), 'the text leaves it out');
  const notes = findings.filter(({ code, found }) => code.startsWith('CLASS_') && /instance/.test(found));
  return {
    several: explained.instances.several,
    notes: notes.map(({ found }) => found),
    severities: notes.map(({ severity }) => severity),
  };
}

test('from Kafka every class is kept by several instances, and explain tells where keys of the file are no partition', () => {
  for (const name of CLASS_NAMES) {
    const { several, notes } = said('kafka', name);
    assert.match(several ?? '', new RegExp(`^class ${name} is kept: `));
    assert.deepEqual(notes, []);
    assert.match(said('kafka, its own key', name).several ?? '', /where all messages of a key are in one partition$/);
  }
  assert.match(said('kafka', 'command').several ?? '', /waits until the group has the commit of the one before/);
});

test('where the commits of Kafka have no room telemetry and command are not kept, and with a larger window explain tells the limit', () => {
  for (const name of ['telemetry', 'command'] as const) {
    const { several, notes } = said('kafka, no metadata', name);
    assert.match(several ?? '', /^class \w+ is not kept: after a takeover older messages .* leaves no room/);
    assert.deepEqual(notes, [`with one instance class ${name} is kept. With more than one ${several}`]);
  }
  for (const name of ['event', 'audit'] as const) assert.deepEqual(said('kafka, no metadata', name).notes, [], name);
  assert.match(
    said('kafka', 'telemetry').several ?? '',
    /with more than 294 unsettled .* can come again behind a newer/,
  );
  assert.doesNotMatch(said('kafka', 'command').several ?? '', /unsettled/, 'its window has room');
});

test('with a spool no class is kept by several instances: the messages in it stay with one of them', () => {
  const spool = { spool: { max: '64MiB' } };
  const { several, notes } = said('kafka', 'command', 'kafka', spool);
  assert.match(several ?? '', /^class command is not kept: .* in the spool of an instance that is gone/);
  assert.equal(notes.length, 1);
});

test('from every other bus check names what the classes beyond event lose with more than one instance, and explain prints it', () => {
  const wanted: readonly (readonly [SourceName, RegExp])[] = [
    ['jetstream', /two readers of one durable consumer set each other back/],
    ['mqtt', /end the connections of each other/],
    ['mqtt, shared', /divide the messages/],
    ['rabbitmq', /after a takeover older messages of a key can come again behind a newer one/],
    ['rabbitmq, shared', /divide the messages/],
    ['rabbitmq, stream', /sent once by each instance/],
    ['nats', /sent once by each instance/],
    ['nats, group', /divide the messages/],
  ];
  for (const [from, text] of wanted) {
    for (const name of ['telemetry', 'command', 'audit'] as const) {
      const { several, notes } = said(from, name);
      // Refused anyway, or one of two consumers that keeps its place in the queue.
      if (several === undefined || (from === 'rabbitmq' && name === 'audit')) continue;
      assert.match(several, new RegExp(`^class ${name} is not kept: `), from);
      assert.match(several, text, from);
      assert.deepEqual(notes, [`with one instance class ${name} is kept. With more than one ${several}`], from);
    }
    assert.deepEqual(said(from, 'event').notes, [], 'class event promises no more than its bus');
  }
});

test('where the file shares the source among processes it is a warning, which check prints without being asked', () => {
  for (const from of ['mqtt, shared', 'rabbitmq, shared'] as const) {
    assert.deepEqual(said(from, 'telemetry').severities, ['warning'], from);
  }
  for (const from of ['mqtt', 'jetstream', 'rabbitmq'] as const) {
    assert.deepEqual(said(from, 'telemetry').severities, ['notice'], from);
  }
});

test('a sink that removes duplicates removes those after a takeover, and cannot put in order what any instance sends', () => {
  assert.match(said('rabbitmq', 'command', 'jetstream').several ?? '', /is kept: .*The sink removes what comes again/);
  assert.match(said('jetstream', 'command', 'jetstream').several ?? '', /is not kept/);
});
