import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inHome, neededValues, webUrls } from '../../../runtime/cli/deploy/needed-values.ts';

test('what may be a secret is one, and its default is told to nobody', () => {
  const { variables, files } = neededValues({
    buses: {
      a: {
        url: 'env:A_URL|nats://user:hunter2@nats:4222',
        password: 'env:A_PASSWORD|hunter2',
        protocol: 'env:A_PROTOCOL|5',
      },
      b: { url: 'env:B_URL', tls: { key: 'env:B_KEY', ca: 'env:B_CA|file:secrets/ca.pem' }, nkey: 'env:B_SEED' },
    },
    routes: [{ from: { key: 'env:NO_SECRET|{key}', binding: { keys: { one: { key: 'file:/run/one.pub' } } } } }],
  });
  const secrets = variables.filter(({ isSecret }) => isSecret).map(({ name }) => name);
  assert.deepEqual(secrets, ['A_URL', 'A_PASSWORD', 'B_KEY', 'B_SEED']);
  assert.doesNotMatch(JSON.stringify(variables), /hunter2/);
  const plain = variables.filter(({ isSecret }) => !isSecret).map(({ name, fallback }) => [name, fallback]);
  assert.deepEqual(plain, [
    ['A_PROTOCOL', '5'],
    ['B_URL', undefined],
    ['B_CA', undefined],
    ['NO_SECRET', '{key}'],
  ]);
  assert.deepEqual(
    files.map(({ path, key }) => [path, key]),
    [
      ['secrets/ca.pem', 'secrets-ca.pem'],
      ['/run/one.pub', 'run-one.pub'],
    ],
  );
});

test('a path of the file begins at the folder of the bundle', () => {
  assert.equal(inHome('/app', 'secrets/ca.pem'), '/app/secrets/ca.pem');
  assert.equal(inHome('/app', '../ca.pem'), '/ca.pem');
  assert.equal(inHome('/app', '/run/ca.pem'), '/run/ca.pem');
});

test('a registry and a management API are servers of the pipeline too', () => {
  const codec = { avro: 'x', confluent: { registry: 'env:REGISTRY_URL|https://registry.data/' } };
  const document = {
    buses: { rabbit: { management: 'env:MANAGEMENT' } },
    routes: [{ from: { codec }, headers: { set: { 'ce-source': 'https://example.org' } } }],
  };
  assert.deepEqual(webUrls(document), [
    { by: 'rabbit, management', url: undefined },
    { by: 'registry', url: 'https://registry.data/' },
  ]);
});
