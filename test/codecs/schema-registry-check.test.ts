import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { newProject } from '../harness/project.ts';
import { FILES } from './registry-run.ts';

const URL_SET = 'SLUICE_TEST_REGISTRY_URL';

/** The findings of an end of a route with such words: line, severity, code, and what to write. */
async function found(end: 'from' | 'to', confluent: object, more: { address?: string; codec?: object } = {}) {
  const codec = JSON.stringify({ ...(more.codec ?? { avro: 'track.v2' }), confluent });
  using project = newProject({
    'pipelines/p.yaml': `name: p
buses: { hub: { bus: memory, hub: h } }
routes:
  - name: r
    from: { bus: hub, addresses: [a]${end === 'from' ? `, codec: ${codec}` : ''} }
    to: { bus: hub, address: '${more.address ?? 'b'}', codec: ${end === 'to' ? codec : 'json'} }
`,
    ...FILES,
    secret: 'x',
  });
  const { findings } = await loadPipeline(project.path('pipelines/p.yaml'), 'check');
  return findings
    .filter(({ severity }) => severity !== 'notice')
    .map(({ line, code, write }) => `${line} ${code} ${write}`);
}

const registry = 'https://registry:8081';

test('a registry with credentials by reference is fine, and check asks nothing of it', async () => {
  assert.deepEqual(await found('from', { registry }), []);
  assert.deepEqual(await found('from', { registry, username: 'u', password: 'file:secret' }), []);
  assert.deepEqual(await found('to', { registry, token: 'file:secret' }), []);
  assert.deepEqual(await found('from', { registry: 'env:REGISTRY_URL_OF_NO_ONE|https://registry' }), []);
});

test('a URL with a user, or of another kind, is refused and not shown', async () => {
  const write = 'registry: https://HOST:PORT, with username and password beside it';
  for (const url of ['https://u:s3cret@registry', 'ftp://registry', 'registry', 'https://registry?key=s3cret'])
    assert.deepEqual(await found('from', { registry: url }), [`5 WRONG_VALUE ${write}`]);
  process.env[URL_SET] = 'https://u:s3cret@registry';
  assert.deepEqual(await found('from', { registry: `env:${URL_SET}` }), [`5 WRONG_VALUE ${write}`]);
  delete process.env[URL_SET];
});

test('secrets as text, and credentials that do not go together, are refused', async () => {
  assert.deepEqual(await found('from', { registry, username: 'u', password: 's3cret' }), [
    '5 WRONG_VALUE password: env:NAME, or file:PATH',
  ]);
  assert.deepEqual(await found('from', { registry, token: 's3cret' }), ['5 WRONG_VALUE token: env:NAME, or file:PATH']);
  assert.deepEqual(await found('from', { registry, username: 'u' }), ['5 MISSING_FIELD password: env:NAME']);
  assert.deepEqual(await found('from', { registry, password: 'file:secret' }), ['5 MISSING_FIELD username: env:NAME']);
  const both = { registry, username: 'u', password: 'file:secret', token: 'file:secret' };
  assert.deepEqual(await found('from', both), ['5 OPTIONS_CONFLICT nothing: remove token']);
  assert.deepEqual(await found('from', { ids: { 'track.v2': 1 }, username: 'u' }), [
    '5 MISSING_FIELD registry: env:REGISTRY_URL',
  ]);
});

test('what a sink writes needs an id or a subject', async () => {
  const address = 'b/{id}';
  assert.deepEqual(await found('to', { registry }, { address }), ['6 MISSING_FIELD subject: SUBJECT']);
  assert.deepEqual(await found('to', { registry, subject: 's' }, { address }), []);
  assert.deepEqual(await found('to', { registry, ids: { 'track.v2': 1 } }, { address }), []);
  const codec = { protobuf: 'fleet.v1', message: 'fleet.Track' };
  assert.deepEqual(await found('to', { registry, subject: 's' }, { codec }), [
    '6 MISSING_FIELD ids: { fleet.v1: 1 }, with its id',
  ]);
});
