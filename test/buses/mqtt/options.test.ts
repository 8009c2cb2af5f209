import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { OptionFlaw } from '#contract/bus.ts';
import { mqtt } from '../../../runtime/buses/mqtt/index.ts';
import type { MqttConnection, MqttFrom, MqttTo } from '../../../runtime/buses/mqtt/options.ts';

const ajv = new Ajv({ useDefaults: true, formats: { duration: true, size: true } });
ajv.addVocabulary(['formatMinimum', 'formatMaximum']);
const schemas = {
  connection: ajv.compile<MqttConnection>(mqtt.connectionSchema),
  source: ajv.compile<MqttFrom>(mqtt.sourceSchema),
  sink: ajv.compile<MqttTo>(mqtt.sinkSchema),
};

function connection(options: object): MqttConnection {
  const filled: unknown = { url: 'mqtt://h:1883', ...options };
  assert.ok(schemas.connection(filled), JSON.stringify(schemas.connection.errors));
  return filled;
}

function from(options: object): MqttFrom {
  const filled: unknown = { topics: ['t'], ...options };
  assert.ok(schemas.source(filled), JSON.stringify(schemas.source.errors));
  return filled;
}

function to(options: object): MqttTo {
  const filled: unknown = { topic: 't', ...options };
  assert.ok(schemas.sink(filled), JSON.stringify(schemas.sink.errors));
  return filled;
}

function paths(found: readonly OptionFlaw[]): string[] {
  return found.map(({ where, path }) => `${where}:${path.join('.')}`);
}

test('the defaults are a version 5 source and sink at QoS 1 with a session of a day, and they have no flaw', () => {
  assert.deepEqual(connection({}), {
    url: 'mqtt://h:1883',
    protocol: '5',
    clientId: 'sluice',
    keepAlive: '20s',
    connectTimeout: '30s',
  });
  assert.deepEqual(from({}), { topics: ['t'], qos: 1, session: '1d' });
  assert.deepEqual(to({}), { topic: 't', qos: 1, retain: false, timeout: '10s' });
  assert.deepEqual(mqtt.flaws(connection({}), { from: from({}) }), []);
  assert.deepEqual(mqtt.flaws(connection({}), { to: to({}) }), []);
});

test('every option is described, and the schemas refuse what they do not know', () => {
  for (const schema of [mqtt.connectionSchema, mqtt.sourceSchema, mqtt.sinkSchema]) {
    assert.equal(schema['additionalProperties'], false);
    for (const [name, option] of Object.entries(schema.properties)) {
      assert.ok(typeof option === 'object' && option !== null && 'description' in option, name);
    }
  }
  assert.equal(schemas.connection({ url: 'tcp://h' }), false);
  assert.equal(schemas.connection({ url: 'mqtt://h', keepAlive: '20' }), false);
  assert.equal(schemas.connection({ url: 'mqtt://h', protocol: '4' }), false);
  assert.equal(schemas.source({ topics: [] }), false);
  assert.equal(schemas.source({ topics: ['t'], shared: 'a/b' }), false);
});

test('QoS 2 is refused at either end, with the reason', () => {
  const [flaw] = mqtt.flaws(connection({}), { from: from({ qos: 2 }) });
  assert.deepEqual(flaw?.path, ['qos']);
  assert.match(flaw.expected, /PUBREC.*PUBCOMP.*crash/);
  assert.equal(flaw.write, 'qos: 1');
  assert.deepEqual(paths(mqtt.flaws(connection({}), { to: to({ qos: 2 }) })), ['end:qos']);
});

test('certificates with a url in clear, half a key pair and a lone 3.1.1 password are flaws, and no secret is echoed', () => {
  const judge = (options: object): readonly OptionFlaw[] => mqtt.flaws(connection(options), { to: to({}) });
  assert.deepEqual(paths(judge({ tls: { ca: 'PEM' } })), ['connection:tls']);
  assert.deepEqual(paths(judge({ url: 'wss://h/mqtt', tls: { ca: 'PEM' } })), []);
  assert.deepEqual(paths(judge({ url: 'mqtts://h', tls: { cert: 'PEM' } })), ['connection:tls.key']);
  assert.deepEqual(paths(judge({ url: 'mqtts://h', tls: { key: 'PEM' } })), ['connection:tls.cert']);
  assert.deepEqual(paths(judge({ protocol: '3.1.1', password: 'hidden' })), ['connection:username']);
  assert.deepEqual(paths(judge({ protocol: '3.1.1', username: 'u', password: 'hidden' })), []);
  const bad = judge({ url: 'mqtt://u:hidden@h:99999' });
  assert.deepEqual(paths(bad), ['connection:url']);
  assert.equal(JSON.stringify([bad, judge({ protocol: '3.1.1', password: 'hidden' })]).includes('hidden'), false);
});

test('each wrong filter is one finding at its place', () => {
  const found = mqtt.flaws(connection({}), { from: from({ topics: ['ok/#', 'a/#/b', '$share/g/t'] }) });
  assert.deepEqual(paths(found), ['end:topics.1', 'end:topics.2']);
  assert.match(found[1]?.write ?? '', /shared: GROUP/);
});

test('the guarantees follow the options', () => {
  const at = (options: object, more: object = {}) =>
    mqtt.sourceGuarantees({ connection: connection(more), end: from(options) });
  assert.deepEqual(
    [at({}).redelivers, at({}).ordered, at({}).confirms, at({}).carriesHeaders],
    [true, 'address', 'received', true],
  );
  assert.equal(at({ qos: 0 }).redelivers, false);
  assert.equal(at({ session: '0s' }).redelivers, false);
  assert.equal(at({ shared: 'g' }).ordered, 'none');
  assert.equal(at({}, { protocol: '3.1.1' }).carriesHeaders, false);
  const sink = (options: object) => mqtt.sinkGuarantees({ connection: connection({}), end: to(options) });
  assert.deepEqual([sink({}).confirms, sink({ qos: 0 }).confirms, sink({}).deduplicates], ['received', 'sent', false]);
});
