import assert from 'node:assert/strict';
import { test } from 'node:test';
import avsc from 'avsc';
import { startMemoryRun } from '../host/memory-run.ts';
import {
  FILES,
  framed,
  idsOut,
  letters,
  old,
  OLD,
  reading,
  registryWith,
  stateOf,
  until,
  wasSaid,
} from './registry-run.ts';

test('avro follows references, each before those that need it', async () => {
  await using registry = await registryWith();
  const kind = { type: 'enum', name: 'Kind', namespace: 'k', symbols: ['A', 'B'] };
  const point = { type: 'record', name: 'Point', namespace: 'p', fields: [{ name: 'kind', type: 'k.Kind' }] };
  const track = {
    ...OLD,
    fields: [...OLD.fields, { name: 'at', type: 'p.Point' }, { name: 'of', type: 'k.Kind' }],
  };
  const [toKind, toPoint] = [
    { name: 'k.Kind', subject: 'kinds/k', version: 2 },
    { name: 'p.Point', subject: 'points', version: 1 },
  ];
  registry.schemas.set(3, { schema: JSON.stringify(track), references: [toPoint, toKind] });
  registry.versions.set('kinds/k/2', { schema: JSON.stringify(kind) });
  registry.versions.set('points/1', { schema: JSON.stringify(point), references: [toKind] });
  await using run = await reading(registry);
  const written = {
    ...OLD,
    fields: [
      ...OLD.fields,
      { name: 'at', type: { ...point, fields: [{ name: 'kind', type: kind }] } },
      { name: 'of', type: 'k.Kind' },
    ],
  };
  const body = avsc.Type.forSchema(written as avsc.Schema).toBuffer({ id: 'a', lat: 1, at: { kind: 'B' }, of: 'A' });
  await run.publish('a', framed(3, body));
  assert.deepEqual(await idsOut(run, 1), ['a']);
  assert.deepEqual(
    registry.asked.map(({ line }) => line),
    ['GET /schemas/ids/3', 'GET /subjects/points/versions/1', 'GET /subjects/kinds%2Fk/versions/2'],
  );
});

test('references that lead in a circle end', async () => {
  await using registry = await registryWith();
  const references = [{ name: 'x', subject: 's', version: 1 }];
  const served = { schema: '"x"', references };
  registry.schemas.set(3, served);
  registry.versions.set('s/1', served);
  await using run = await reading(registry);
  await run.publish('a', old(3, 'a'));
  await until(() => run.letters().length === 1, 'the letter');
  assert.match(letters(run)[0] ?? '', /^SCHEMA_ID_UNUSABLE/);
});

test('protobuf finds its message where the writer has it', async () => {
  await using registry = await registryWith();
  const codec = { protobuf: 'fleet.v1', message: 'fleet.Track', confluent: { registry: registry.url } };
  const proto = `syntax = "proto3"; // message No {
package fleet;
/* message Neither { } */
message First { message Inner {} string text = 1 [json_name = "message X {"]; }
enum Kind { A = 0; }
message Track { string id = 1; }`;
  registry.schemas.set(3, { schema: proto, schemaType: 'PROTOBUF' });
  registry.schemas.set(4, { schema: 'syntax = "proto3"; message Track {}', schemaType: 'PROTOBUF' });
  await using run = await startMemoryRun({ files: FILES, from: { codec }, to: { codec: 'json' } });
  const track = Buffer.from('0a0161', 'hex');
  await run.publish('a', framed(3, track, [0]));
  await run.publish('a', framed(4, track, [0]));
  await run.publish('a', framed(3, track, [2, 2]));
  assert.deepEqual(await idsOut(run, 1), ['a']);
  await until(() => run.letters().length === 2, 'the letters');
  assert.deepEqual(letters(run), [
    'DECODE_FAILED expected protobuf, found another message of the schema than fleet.Track',
    'SCHEMA_ID_UNUSABLE expected a schema that the codec reads under the schema id 4, found expected the message fleet.Track, found Track',
  ]);
});

test('json keeps every digit, and is written with the id that the registry has for the schema', async () => {
  await using registry = await registryWith();
  registry.schemas.set(7, { schema: '{ "type": "object" }', schemaType: 'JSON' });
  registry.subjects.set('tracks-value', [7]);
  const codec = { json: 'track.v1', confluent: { registry: registry.url } };
  const files = { ...FILES, 'functions/f.ts': 'export default (body) => ({ ...body, seen: true });' };
  const settings = {
    files,
    stages: [{ function: 'f' }],
    from: { codec },
    to: { codec, address: 'tracks' },
    route: { json: { numbers: 'exact' } },
  };
  await using run = await startMemoryRun(settings);
  const out = run.hub.subscribe('tracks', ['tracks']);
  await run.publish('a', framed(7, Buffer.from('{"n":9007199254740993,"d":1.10}')));
  const [delivery] = await out.read({ messages: 1, bytes: 1e9 }, AbortSignal.timeout(5000));
  assert.deepEqual(
    Buffer.from(delivery?.frame.body ?? []),
    framed(7, Buffer.from('{"n":9007199254740993,"d":1.10,"seen":true}')),
  );
  assert.deepEqual(
    registry.asked.map(({ line, contentType }) => `${line} ${contentType}`),
    ['POST /subjects/tracks-value application/vnd.schemaregistry.v1+json', 'GET /schemas/ids/7 undefined'],
  );
  await run.stop();
  // The id of what is written is kept too.
  registry.answer = (_, response) => void response.writeHead(500).end();
  await using again = await startMemoryRun({ ...settings, ...stateOf(run) });
  assert.ok(!wasSaid(again, 'schema-registry-down'));
});

test('a sink whose schema is not registered ends the start, and says what to do', async () => {
  await using registry = await registryWith(3);
  registry.subjects.set('s', [3]);
  const codec = { avro: 'track.v2', confluent: { registry: registry.url, subject: 's' } };
  await assert.rejects(startMemoryRun({ files: FILES, to: { codec } }), {
    code: 'SCHEMA_NOT_REGISTERED',
    message: `expected the schema track.v2 in the schema registry ${registry.url}, found no such schema under the subject s`,
  });
});
