import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kafka } from '../../../runtime/buses/kafka/index.ts';
import type { KafkaConnection, KafkaFrom } from '../../../runtime/buses/kafka/options.ts';
import { BROKER_PATTERN, parseBroker } from '../../../runtime/buses/kafka/seed-broker.ts';
import { withDefaults } from '../../conformance/fixture.ts';
import { connectionTo } from './ends.ts';

const FROM = withDefaults<Partial<KafkaFrom>>(kafka.sourceSchema, { topics: ['a'] }) as KafkaFrom;

const flawsOf = (connection: Partial<KafkaConnection>, from: Partial<KafkaFrom> = {}): string[] =>
  kafka
    .flaws(connectionTo('h:9092', connection), { from: { ...FROM, ...from } })
    .map(({ path, expected, found }) => `${path.join('.')}: ${expected}, found ${found}`);

test('a pattern is no topic, and the flaw says so', () => {
  const [flaw, ...others] = flawsOf({}, { topics: ['fleet.*', 'fleet.tracks'] });
  assert.deepEqual(others, []);
  assert.match(flaw ?? '', /^topics\.0: .*patterns are not read/);
});

test('a topic that Kafka would not take is a flaw', () => {
  for (const topic of ['a b', 'ä', '.', '..', 'x'.repeat(250), 'a/b', '__consumer_offsets']) {
    assert.equal(flawsOf({}, { topics: [topic] }).length, 1, topic);
  }
});

test('each mechanism has what it needs, and nothing that is of no use to it', () => {
  const user = { username: 'ann', password: 'secret' };
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    assert.deepEqual(flawsOf({ sasl: { mechanism, ...user } }), []);
    assert.match(flawsOf({ sasl: { mechanism, username: 'ann' } }).join(), /^sasl\.password/);
    assert.match(flawsOf({ sasl: { mechanism, ...user, token: 't' } }).join(), /^sasl\.token/);
  }
  const mechanism = 'oauthbearer' as const;
  assert.deepEqual(flawsOf({ sasl: { mechanism, tokenFile: 'token' } }), []);
  assert.deepEqual(flawsOf({ sasl: { mechanism, token: 't' } }), []);
  assert.match(flawsOf({ sasl: { mechanism } }).join(), /^sasl\.tokenFile/);
  assert.match(flawsOf({ sasl: { mechanism, token: 't', tokenFile: 'f' } }).join(), /^sasl\.token: token or tokenFile/);
  assert.equal(flawsOf({ sasl: { mechanism, token: 't', ...user } }).length, 2);
});

test('a client certificate has its key', () => {
  assert.match(flawsOf({ tls: { cert: 'PEM' } }).join(), /^tls\.key/);
  assert.match(flawsOf({ tls: { key: 'PEM' } }).join(), /^tls\.cert/);
  assert.deepEqual(flawsOf({ tls: {} }), []);
});

test('brokers are hosts, IPv4 addresses and IPv6 addresses in brackets, with a port', () => {
  const pattern = new RegExp(BROKER_PATTERN, 'u');
  for (const [broker, host] of [
    ['kafka-1.example:9092', 'kafka-1.example'],
    ['127.0.0.1:9092', '127.0.0.1'],
    ['[::1]:9092', '::1'],
    ['[fe80::1%eth0]:9092', 'fe80::1%eth0'],
  ] as const) {
    assert.match(broker, pattern);
    assert.deepEqual(parseBroker(broker), { host, port: 9092 });
    assert.deepEqual(flawsOf({ brokers: [broker] }), []);
  }
  for (const broker of ['::1:9092', '[::1]', '[host]:9092', 'h', 'h:1:2', 'u@h:1'])
    assert.doesNotMatch(broker, pattern);
  assert.equal(flawsOf({ brokers: ['[:::::]:9092'] }).length, 1);
});

test('ports and timeouts that cannot be are flaws', () => {
  assert.equal(flawsOf({ brokers: ['h:0', 'h:70000', 'h:9092'] }).length, 2);
  assert.match(flawsOf({}, { sessionTimeout: '2m' }).join(), /^rebalanceTimeout/);
});
