import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avro } from '../../runtime/codecs/avro/avro.ts';
import { protobuf } from '../../runtime/codecs/protobuf/protobuf.ts';
import { newProject } from '../harness/project.ts';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { SCHEMA_CODECS } from '../../runtime/codecs/schema-kinds.ts';
import { CODEC_OPTIONS } from '../../runtime/project/fields/codec-fields.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { FLEET, TRACK_AVSC } from './fleet.ts';

const RULES = { numbers: 'reject', depth: 1000 } as const;
const FILES = { 'schemas/track.v1.avsc': TRACK_AVSC, 'schemas/fleet.v1.binpb': FLEET };
const [fromAvro, toProto] = [
  avro({ schema: { name: 'track.v1', content: Buffer.from(JSON.stringify(TRACK_AVSC)) }, options: {}, rules: RULES }),
  protobuf({ schema: { name: 'fleet.v1', content: FLEET }, options: { message: 'fleet.Track' }, rules: RULES }),
];

test('a body goes from avro to protobuf and on to json, with the schemas of the project and their content types', async () => {
  await using up = await startMemoryRun({
    files: FILES,
    from: { codec: { avro: 'track.v1' }, key: '{body.id}' },
    to: { codec: { protobuf: 'fleet.v1', message: 'fleet.Track' } },
  });
  await up.publish('a', fromAvro.encode({ id: 'u1', lat: 2, kind: 'SHIP' }));
  await up.publish('a', 'no avro');
  const [frame] = await up.take(1);
  assert.deepEqual([frame?.key, frame?.contentType], ['u1', 'application/protobuf']);
  await up.rest(2);
  const [letter] = up.letters();
  assert.deepEqual([letter?.['code'], letter?.['stage']], ['DECODE_FAILED', 'decode']);
  await using down = await startMemoryRun({
    files: FILES,
    from: { codec: { protobuf: 'fleet.v1', message: 'fleet.Track' } },
    to: { codec: 'json' },
  });
  await down.publish('a', frame?.body ?? '');
  const [json] = await down.take(1);
  assert.deepEqual(
    JSON.parse(Buffer.from(json?.body ?? []).toString()),
    toProto.decode(frame?.body ?? new Uint8Array()),
  );
});

test('a route whose ends name the same codec and schema sends the bytes as they came', async () => {
  await using run = await startMemoryRun({
    files: FILES,
    from: { codec: { avro: 'track.v1' } },
    to: { codec: { avro: 'track.v1' } },
  });
  await run.publish('a', 'no avro');
  assert.equal(Buffer.from((await run.take(1))[0]?.body ?? []).toString(), 'no avro');
});

/** `line:column code write` of each error, with these codecs in place of from and to. */
async function found(from: unknown, to: unknown, files: Readonly<Record<string, string | object>> = FILES) {
  const text = `name: p
buses: { hub: { bus: memory, hub: h } }
routes:
  - name: r
    from: { bus: hub, addresses: [a], codec: ${JSON.stringify(from)} }
    to: { bus: hub, address: b, codec: ${JSON.stringify(to)} }
`;
  using project = newProject({ 'pipelines/p.yaml': text, ...files });
  const { findings } = await loadPipeline(project.path('pipelines/p.yaml'), 'check');
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ file, line, column, code, write }) => `${file.split('/').at(-1)}:${line}:${column} ${code} ${write}`);
}

test('a codec with a schema is checked with the place and what to write', async () => {
  const fine = { avro: 'track.v1' };
  assert.deepEqual(await found(fine, { protobuf: 'fleet.v1', message: 'fleet.Track' }), []);
  assert.deepEqual(await found({ avro: 'trakc.v1' }, fine), ['p.yaml:5:54 UNKNOWN_SCHEMA avro: track.v1']);
  assert.deepEqual(await found({ avro: 'track.v1.avsc' }, fine), ['p.yaml:5:54 UNKNOWN_SCHEMA avro: track.v1']);
  assert.deepEqual(await found('avro', fine), ['p.yaml:5:46 WRONG_TYPE codec: { avro: NAME }']);
  assert.deepEqual(await found({ arvo: 'track.v1' }, fine), ['p.yaml:5:47 UNKNOWN_FIELD avro:']);
  assert.deepEqual(await found({ protobuf: 'fleet.v1' }, fine), ['p.yaml:5:39 MISSING_FIELD message: ...']);
  assert.deepEqual(await found({ protobuf: 'fleet.v1', message: 'Track' }, fine), [
    'p.yaml:5:79 SCHEMA_BROKEN message: fleet.Track',
  ]);
  assert.deepEqual(await found({ avro: 'track.v1', message: 'a.B' }, fine), [
    'p.yaml:5:65 OPTIONS_CONFLICT nothing: remove message',
  ]);
  assert.deepEqual(await found({ avro: 'env:SCHEMA' }, fine), ['p.yaml:5:54 REFERENCE_REFUSED the name itself']);
  const broken = '{ "type": "record", "name": "A",\n  "fields": [{ "name": "a", "type": "strin" }] }';
  assert.deepEqual(await found(fine, 'json', { 'schemas/track.v1.avsc': broken }), [
    'track.v1.avsc:2:37 SCHEMA_BROKEN "string"',
  ]);
  assert.deepEqual(await found(fine, fine, { 'schemas/track.v1.avsc': '{ "type" "x" }' }), [
    'track.v1.avsc:1:10 SCHEMA_BROKEN ',
  ]);
});

test('the options that the reader of a pipeline file knows are those of the codecs', () => {
  assert.deepEqual(CODEC_OPTIONS, new Set(SCHEMA_CODECS.flatMap(({ options }) => Object.keys(options))));
});
