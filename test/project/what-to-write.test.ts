import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedFile } from './checked-file.ts';

const CONNECTION: Readonly<Record<string, string>> = {
  mqtt: 'url: mqtt://h',
  nats: 'url: nats://h',
  jetstream: 'url: nats://h',
  kafka: 'brokers: [h:9092]',
  rabbitmq: 'url: amqp://h',
};

interface Written {
  readonly bus: string;
  readonly connection?: string;
  readonly from?: string;
  readonly to?: string;
  readonly route?: string;
}

/** Code, what was found and what to write of every error at a path. */
function advice({ bus, connection = CONNECTION[bus], from = '', to = '', route = '' }: Written, path: string) {
  const text = `name: p
buses: { b: { bus: ${bus}, ${connection} } }
routes:
  - name: r
    from: { bus: b, ${from} }
    to: { bus: b, ${to} }
    ${route}
`;
  const { findings } = checkedFile(text);
  return findings
    .filter((finding) => finding.severity === 'error' && finding.path === path)
    .map(({ code, write }) => `${code}: ${write}`);
}

test("a connection's word of another bus is answered with the word of this one", () => {
  const words: readonly (readonly [bus: string, word: string, write: string])[] = [
    ['nats', 'username', 'user:'],
    ['jetstream', 'username', 'user:'],
    ['mqtt', 'user', 'username:'],
    ['rabbitmq', 'user', 'username:'],
    ['kafka', 'username', 'sasl: { username: ... }'],
    ['kafka', 'user', 'sasl: { username: ... }'],
    ['kafka', 'pass', 'sasl: { password: ... }'],
    ['nats', 'pass', 'password:'],
    ['mqtt', 'ca', 'tls: { ca: ... }'],
  ];
  for (const [bus, word, write] of words) {
    const said = advice({ bus, connection: `${CONNECTION[bus]}, ${word}: x` }, `/buses/b/${word}`);
    assert.deepEqual(said, [`UNKNOWN_FIELD: ${write}`], `${bus} ${word}`);
  }
  for (const [bus, word] of ['servers', 'brokers', 'host', 'uri'].flatMap((each) =>
    ['mqtt', 'nats', 'rabbitmq'].map((kind) => [kind, each] as const),
  )) {
    assert.deepEqual(advice({ bus, connection: `${word}: h` }, `/buses/b/${word}`), ['UNKNOWN_FIELD: url:'], bus);
  }
  for (const word of ['servers', 'url', 'host', 'bootstrapServers'])
    assert.deepEqual(advice({ bus: 'kafka', connection: `${word}: h` }, `/buses/b/${word}`), [
      'UNKNOWN_FIELD: brokers:',
    ]);
});

test('an address in the words of another bus is answered with the word of this one', () => {
  const sources = { mqtt: 'topics', nats: 'subjects', jetstream: 'subjects', kafka: 'topics', rabbitmq: 'queue' };
  const sinks = {
    mqtt: 'topic:',
    nats: 'subject:',
    jetstream: 'subject:',
    kafka: 'topic:',
    rabbitmq: 'routingKey: or queue:',
  };
  for (const word of ['topic', 'topics', 'subject', 'subjects', 'routingKey']) {
    for (const [bus, own] of Object.entries(sources)) {
      const expected = own === word ? [] : [`UNKNOWN_FIELD: ${own}:`];
      assert.deepEqual(advice({ bus, from: `${word}: [x]` }, `/routes/0/from/${word}`), expected, `${bus} ${word}`);
    }
    for (const [bus, own] of Object.entries(sinks)) {
      const isKnown = own.split(/: ?/).includes(word);
      const expected = isKnown ? [] : [`UNKNOWN_FIELD: ${own}`];
      assert.deepEqual(advice({ bus, to: `${word}: x` }, `/routes/0/to/${word}`), expected, `${bus} ${word}`);
    }
  }
});

test('a value where a map is expected is written into the one key that takes it', () => {
  const ends = { bus: 'kafka', from: 'topics: [x]', to: 'topic: y' };
  const said = (route: string): readonly string[] => advice({ ...ends, route }, `/routes/0/${route.split(':')[0]}`);
  assert.deepEqual(said('json: exact'), ['WRONG_TYPE: json: { numbers: exact }']);
  assert.deepEqual(said('retry: 3'), ['WRONG_TYPE: retry: { attempts: 3 }']);
  assert.deepEqual(said('promise: key'), ['WRONG_TYPE: promise: { order: key }']);
  assert.deepEqual(advice({ ...ends, to: 'topic: y, headers: drop' }, '/routes/0/to/headers'), [
    'WRONG_TYPE: headers: { unspellable: drop }',
  ]);
  assert.deepEqual(said('json: precise'), ['WRONG_TYPE: json: { ... }']);
});

test('the name of a header is one that every bus can spell, and the error says its alphabet and a name that fits', () => {
  const set = (name: string): Written => ({
    bus: 'kafka',
    from: 'topics: [x]',
    to: `topic: y, headers: { set: { ${name}: z } }`,
  });
  for (const name of ['__TypeId__', '$schema', 'x-delay', 'ce_id', 'a.b'])
    assert.deepEqual(advice(set(`"${name}"`), `/routes/0/to/headers/set/${name}`), [], name);
  assert.deepEqual(advice(set('"bad name"'), '/routes/0/to/headers/set/bad name'), ['WRONG_VALUE: bad-name:']);
  assert.deepEqual(advice(set('"x:y"'), '/routes/0/to/headers/set/x:y'), ['WRONG_VALUE: x-y:']);
});

test('a text with a least and a longest length says both', () => {
  const { findings } = checkedFile(
    'name: p\nbuses: { b: { bus: rabbitmq, url: amqp://h } }\nroutes:\n  - name: r\n    from: { bus: b, queue: q }\n    to: { bus: b, exchange: "" }\n',
  );
  const [finding] = findings.filter(({ path }) => path === '/routes/0/to/exchange');
  assert.equal(finding?.expected, 'text of 1 to 255 characters');
});
