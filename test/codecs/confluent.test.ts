import assert from 'node:assert/strict';
import { test } from 'node:test';
import avsc from 'avsc';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { newProject } from '../harness/project.ts';
import { type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';
import { FLEET, TRACK_AVSC } from './fleet.ts';

const OLD = { ...TRACK_AVSC, fields: TRACK_AVSC.fields.filter(({ name }) => name !== 'kind') };
const NEW = {
  ...TRACK_AVSC,
  fields: TRACK_AVSC.fields.map((field) => (field.name === 'kind' ? { ...field, default: 'CAR' } : field)),
};
const FILES = {
  'schemas/track.v1.avsc': OLD,
  'schemas/track.v2.avsc': NEW,
  'schemas/fleet.v1.binpb': FLEET,
  'schemas/track.v1.json': { type: 'object' },
};
const IDS = { 'track.v1': 3, 'track.v2': 258 };

/** As a client of the registry writes it. */
function framed(id: number, body: Uint8Array, head: readonly number[] = []): Uint8Array {
  return Buffer.concat([Buffer.from([0, 0, 0, id >> 8, id & 255, ...head]), body]);
}

async function through(settings: MemoryRunSettings, bodies: readonly Uint8Array[], count = bodies.length) {
  await using run = await startMemoryRun({ files: FILES, ...settings });
  for (const body of bodies) await run.publish('a', body);
  const frames = await run.take(count);
  await run.rest(bodies.length);
  const letters = run.letters().map(({ code, text }) => `${String(code)} ${String(text)}`);
  return { bodies: frames.map(({ body }) => Buffer.from(body ?? [])), letters };
}

test('avro of two versions is read by the ids in the messages, as bodies of the schema of the route', async () => {
  const [old, own] = [OLD, NEW].map((schema) => avsc.Type.forSchema(schema as avsc.Schema));
  const { bodies, letters } = await through(
    { from: { codec: { avro: 'track.v2', confluent: { ids: IDS } } }, to: { codec: 'json' } },
    [
      framed(3, old?.toBuffer({ id: 'a', lat: 1 }) ?? Buffer.from([])),
      framed(258, own?.toBuffer({ id: 'b', lat: 2, kind: 'SHIP' }) ?? Buffer.from([])),
      framed(4, Buffer.from([0])),
      Buffer.from([1, 0, 0, 0, 3, 0]),
      Buffer.from([0, 0, 0]),
    ],
    2,
  );
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body.toString()) as unknown),
    [
      { id: 'a', lat: 1, kind: 'CAR' },
      { id: 'b', lat: 2, kind: 'SHIP' },
    ],
  );
  assert.deepEqual(letters, [
    'SCHEMA_ID_UNKNOWN expected avro of a schema that the route knows, found schema id 4',
    'DECODE_FAILED expected avro, found bytes without the magic byte of a registry',
    'DECODE_FAILED expected avro, found bytes without the magic byte of a registry',
  ]);
});

test('avro is written with the id of the schema of the sink', async () => {
  const { bodies } = await through({ to: { codec: { avro: 'track.v2', confluent: { ids: IDS } } } }, [
    Buffer.from('{"id":"a","lat":1.5,"kind":"SHIP"}'),
  ]);
  const own = avsc.Type.forSchema(NEW as avsc.Schema).toBuffer({ id: 'a', lat: 1.5, kind: 'SHIP' });
  assert.deepEqual(bodies[0], framed(258, own));
});

test('json keeps every digit behind the id', async () => {
  const codec = { json: 'track.v1', confluent: { ids: { 'track.v1': 7 } } };
  const text = '{"n":9007199254740993,"d":1.10}';
  const files = { ...FILES, 'functions/f.ts': 'export default (body) => ({ ...body, seen: true });' };
  const { bodies } = await through(
    { files, stages: [{ function: 'f' }], from: { codec }, to: { codec }, route: { json: { numbers: 'exact' } } },
    [framed(7, Buffer.from(text))],
  );
  assert.deepEqual(bodies[0], framed(7, Buffer.from('{"n":9007199254740993,"d":1.10,"seen":true}')));
});

test('protobuf has the indexes of its message between id and body', async () => {
  const codec = { protobuf: 'fleet.v1', message: 'fleet.Track', confluent: { ids: { 'fleet.v1': 9 } } };
  const track = Buffer.from('0a0161', 'hex');
  const { bodies, letters } = await through(
    { from: { codec }, to: { codec: 'json' } },
    [framed(9, track, [0]), framed(9, track, [2, 0]), framed(9, track, [2, 2]), framed(9, track, [255])],
    2,
  );
  for (const body of bodies) assert.match(body.toString(), /"id":"a"/);
  assert.deepEqual(letters, [
    'DECODE_FAILED expected protobuf, found another message of the schema than fleet.Track',
    'DECODE_FAILED expected protobuf, found bytes without the indexes of a message',
  ]);
  const written = await through({ to: { codec } }, [Buffer.from('{"id":"a"}')]);
  assert.deepEqual(written.bodies[0], framed(9, track, [0]));
  const inner = { ...codec, message: 'fleet.Track.Leg' };
  const nested = await through({ to: { codec: inner } }, [Buffer.from('{"n":1}')]);
  assert.deepEqual(nested.bodies[0], framed(9, Buffer.from('0801', 'hex'), [4, 0, 0]));
});

test('the ids are checked: their files, and that the sink has its own', async () => {
  const found = async (from: unknown, to: unknown) => {
    using project = newProject({
      'pipelines/p.yaml': `name: p
buses: { hub: { bus: memory, hub: h } }
routes:
  - name: r
    from: { bus: hub, addresses: [a], codec: ${JSON.stringify(from)} }
    to: { bus: hub, address: b, codec: ${JSON.stringify(to)} }
`,
      ...FILES,
    });
    const { findings } = await loadPipeline(project.path('pipelines/p.yaml'), 'check');
    const errors = findings.filter(({ severity }) => severity === 'error');
    return errors.map(({ line, code, write }) => `${line} ${code} ${write}`);
  };
  const fine = { avro: 'track.v2', confluent: { ids: IDS } };
  assert.deepEqual(await found(fine, fine), []);
  assert.deepEqual(await found({ ...fine, confluent: { ids: { 'trakc.v1': 3 } } }, fine), [
    '5 UNKNOWN_SCHEMA trakc.v1: track.v1',
  ]);
  assert.deepEqual(await found(fine, { ...fine, confluent: { ids: { 'track.v1': 3 } } }), [
    '6 MISSING_FIELD ids: { track.v2: 1 }, with its id',
  ]);
  assert.deepEqual(await found(fine, { json: 'track.v1' }), ['6 MISSING_FIELD confluent: ...']);
  assert.deepEqual(await found(fine, { ...fine, confluent: { ids: { 'track.v2': 0 } } }), [
    '6 WRONG_VALUE track.v2: 1',
  ]);
  assert.deepEqual(await found({ avro: 'track.v2', confluent: {} }, fine), ['5 MISSING_FIELD ids: { ... }']);
});
