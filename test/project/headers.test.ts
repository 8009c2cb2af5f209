import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedFile } from './checked-file.ts';

const BUSES = `buses:
  old: { bus: mqtt, url: "mqtt://h:1", protocol: "3.1.1" }
  field: { bus: mqtt, url: "mqtt://h:1" }
  core: { bus: jetstream, url: "nats://h:1" }
  plain: { bus: nats, url: "nats://h:1" }
  log: { bus: kafka, brokers: ["h:1"] }
  office: { bus: rabbitmq, url: "amqp://h:1" }
`;
const SOURCES = {
  old: 'bus: old, topics: [a/b]',
  field: 'bus: field, topics: [a/b]',
  core: 'bus: core, stream: S',
  plain: 'bus: plain, subjects: [a]',
  log: 'bus: log, topics: [a]',
  office: 'bus: office, queue: q',
} as const;
const SINKS = {
  old: 'bus: old, topic: z',
  field: 'bus: field, topic: z',
  core: 'bus: core, stream: T, subject: z',
  plain: 'bus: plain, subject: z',
  log: 'bus: log, topic: z',
  office: 'bus: office, exchange: e, routingKey: z',
  stream: 'bus: office, queue: s, type: stream',
} as const;

/** Errors and warnings about headers of a route from one to the other, each with the text that stands at its place. */
function found(
  from: string,
  to: string,
): readonly (readonly [code: string, severity: string, at: string, write: string])[] {
  const text = `name: p\n${BUSES}routes:\n  - name: r\n    from: { ${from} }\n    to: { ${to} }\n`;
  const { findings } = checkedFile(text);
  const lines = text.split('\n');
  return findings
    .filter(({ code }) => ['TEMPLATE_FIELD', 'HEADER_UNWRITABLE', 'OPTIONS_CONFLICT', 'RESERVED_HEADER'].includes(code))
    .map(({ code, severity, line, column, write }) => {
      const at = /^[^\s,}:]+/.exec(lines[line - 1]?.slice(column - 1) ?? '')?.[0] ?? '';
      return [code, severity, at, write];
    });
}

/** The same for a header of the sink. */
function set(sink: keyof typeof SINKS, headers: string): ReturnType<typeof found> {
  return found(SOURCES.field, `${SINKS[sink]}, headers: { ${headers} }`);
}

const FIELDS = [
  'msgid',
  'MsgId',
  'content-type',
  'Content-Type',
  'expirytime',
  'Nats-Msg-Id',
  'SecLabel',
  'sluice-hops',
];

test('a template may read each header that a message of the source can have, and every field in any spelling', () => {
  for (const bus of ['field', 'core', 'plain', 'log', 'office'] as const) {
    for (const name of [...FIELDS, 'origin', 'x-death', 'amqp-type']) {
      assert.deepEqual(found(`${SOURCES[bus]}, dedupe: { by: "{header.${name}}" }`, SINKS.log), [], `${bus} ${name}`);
    }
  }
  assert.deepEqual(found(`${SOURCES.log}, key: "{header.Nats-Rollup}"`, SINKS.log), [], 'Kafka carries any name');
});

test('a header that no message of the source can have is found at its place', () => {
  const never = { core: ['Nats-Rollup', 'nats-ttl'], plain: ['Nats-Sequence'], office: ['x-delivery-count'] } as const;
  for (const bus of ['core', 'plain', 'office'] as const) {
    for (const name of never[bus]) {
      const [[code, severity, at] = [], ...more] = found(`${SOURCES[bus]}, id: "a{header.${name}}"`, SINKS.log);
      assert.deepEqual([code, severity, at, more], ['TEMPLATE_FIELD', 'error', `{header.${name}`, []]);
    }
  }
  for (const bus of ['field', 'core', 'log', 'office'] as const) {
    for (const name of ['carried-headers', 'Carried-Headers']) {
      assert.equal(found(`${SOURCES[bus]}, key: "{header.${name}}"`, SINKS.log)[0]?.[0], 'TEMPLATE_FIELD', name);
    }
  }
});

test('MQTT 3.1.1 has no header that a template could read', () => {
  for (const name of [...FIELDS, 'origin']) {
    for (const word of ['key', 'id', 'timestamp', 'sequence']) {
      const [[code, , at, write] = [], ...more] = found(`${SOURCES.old}, ${word}: "{header.${name}}"`, SINKS.log);
      assert.deepEqual([code, at, more], ['TEMPLATE_FIELD', `{header.${name}`, []], `${word} ${name}`);
      assert.match(write ?? '', /protocol: "5"/);
    }
  }
  const sink = `${SINKS.log}, headers: { set: { copy: "{header.origin}" } }`;
  assert.deepEqual(
    found(SOURCES.old, sink).map(([code]) => code),
    ['TEMPLATE_FIELD'],
  );
});

test('a header that the sink cannot write is an error where it would be lost, and a warning where it is carried', () => {
  const odd: readonly (readonly [keyof typeof SINKS, string, string])[] = [
    ['core', 'Nats-Rollup: all', 'Nats-Rollup'],
    ['plain', 'nats-ttl: 1s', 'nats-ttl'],
    ['office', 'CC: "{body.cc}"', 'CC'],
    ['office', 'BCC: x', 'BCC'],
    ['office', 'x-death: x', 'x-death'],
    ['stream', 'CC: x', 'CC'],
    ['core', 'origin: "a\\nb"', '"a\\nb"'],
    ['field', 'origin: "a\\0b"', '"a\\0b"'],
    ['core', 'content-type: " a/b"', '"'],
  ];
  for (const [sink, header, at] of odd) {
    for (const [unspellable, severity] of [
      ['encode', 'warning'],
      ['drop', 'error'],
      ['reject', 'error'],
    ] as const) {
      const all = set(sink, `set: { ${header} }, unspellable: ${unspellable}`);
      assert.deepEqual(
        all.map((each) => each.slice(0, 3)),
        [['HEADER_UNWRITABLE', severity, at]],
        `${sink} ${header}`,
      );
      assert.notEqual(all[0]?.[3], '', 'it says what to write');
    }
    assert.equal(set(sink, `set: { ${header} }`)[0]?.[1], 'warning', 'encode is the default');
  }
  for (const sink of ['field', 'core', 'plain', 'log', 'office', 'stream'] as const) {
    assert.deepEqual(
      set(sink, 'set: { origin: "{route}", content-type: "a/b", X-y: "{body.z}" }, unspellable: reject'),
      [],
    );
  }
  assert.deepEqual(set('log', 'set: { CC: x, Nats-Rollup: all }'), [], 'Kafka takes any name');
});

test('headers for an MQTT 3.1.1 sink are an error that says what to write', () => {
  const all = set('old', 'set: { origin: me, content-type: a/b }');
  assert.deepEqual(
    all.map((each) => each.slice(0, 3)),
    [
      ['HEADER_UNWRITABLE', 'error', 'origin'],
      ['HEADER_UNWRITABLE', 'error', 'content-type'],
    ],
  );
  assert.match(all[0]?.[3] ?? '', /^protocol: "5" in the connection, .* or nothing: remove origin$/);
  assert.deepEqual(set('old', 'drop: [origin], unspellable: reject'), []);
});

test('one content type, and none of the names that are the runtime’s own', () => {
  assert.deepEqual(set('log', 'set: { content-type: a/b, Content-Type: c/d }'), [
    ['OPTIONS_CONFLICT', 'error', 'Content-Type', 'nothing: remove Content-Type'],
  ]);
  for (const name of ['Replayed', 'carried-headers', 'sluice-hops', 'STALE']) {
    assert.equal(set('log', `set: { ${name}: x }`)[0]?.[0], 'RESERVED_HEADER', name);
    assert.equal(set('log', `drop: [${name}]`)[0]?.[0], 'RESERVED_HEADER', name);
  }
});
