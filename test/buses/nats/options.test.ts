import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { nats } from '../../../runtime/buses/nats/core/index.ts';
import { jetstream } from '../../../runtime/buses/nats/jetstream/index.ts';
import type { NatsConnectionOptions } from '../../../runtime/buses/nats/options.ts';

const defaults = { url: 'nats://127.0.0.1:4222', connectTimeout: '4s', keepAlive: '15s' };

function flawsOf(connection: Partial<NatsConnectionOptions>): string[] {
  return nats.flaws({ ...defaults, ...connection }, { from: { subjects: ['a'] } }).map(({ path }) => path.join('.'));
}

test('one identity, and whole pairs, or a flaw at its place', () => {
  assert.deepEqual(flawsOf({}), []);
  assert.deepEqual(flawsOf({ user: 'u', password: 'p' }), []);
  assert.deepEqual(flawsOf({ user: 'u' }), ['user']);
  assert.deepEqual(flawsOf({ password: 'p' }), ['password']);
  assert.deepEqual(flawsOf({ token: 't', nkey: 'n' }), ['nkey']);
  assert.deepEqual(flawsOf({ tls: { cert: 'c' } }), ['tls.cert']);
  assert.deepEqual(flawsOf({ tls: { cert: 'c', key: 'k' } }), []);
  assert.deepEqual(flawsOf({ url: ['nats://a', 'nats://'] }), ['url']);
});

test('no flaw repeats a secret', () => {
  const connection = { ...defaults, user: 'sesame', token: 'sesame', url: 'nats://x:sesame@' };
  assert.doesNotMatch(JSON.stringify(nats.flaws(connection, { from: { subjects: ['a'] } })), /sesame/);
});

for (const bus of [nats, jetstream]) {
  const schemas = { connection: bus.connectionSchema, source: bus.sourceSchema, sink: bus.sinkSchema };
  for (const [name, schema] of Object.entries(schemas)) {
    test(`the ${name} schema of ${bus.name} compiles, allows nothing else, and describes every option`, () => {
      const validate = new Ajv({ strict: false, formats: { duration: true, size: true } }).compile(schema);
      assert.equal(validate({ nothing: 1 }), false);
      assert.equal(schema['additionalProperties'], false);
      for (const [option, its] of Object.entries(schema.properties)) {
        assert.ok(typeof its === 'object' && its !== null && 'description' in its, option);
      }
    });
  }
}

test('the schemas take what the documents show and refuse what cannot work', () => {
  const ajv = new Ajv({ strict: false, formats: { duration: true, size: true } });
  const connection = ajv.compile(jetstream.connectionSchema);
  const source = ajv.compile(jetstream.sourceSchema);
  assert.ok(connection({ url: ['nats://a:4222', 'tls://b:4222'], tls: { ca: 'PEM' }, create: true }));
  assert.ok(!connection({ url: 'ws://a' }));
  for (const start of ['all', 'new', { sequence: 3 }, { time: '2026-01-02T03:04:05Z' }])
    assert.ok(source({ stream: 'S', start }));
  for (const start of ['last', { sequence: 0 }, { time: 'noon' }, { sequence: 1, time: '2026-01-02T03:04:05Z' }]) {
    assert.ok(!source({ stream: 'S', start }), JSON.stringify(start));
  }
  assert.ok(!source({ stream: 'a.b' }));
});
