import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { avro } from '../../runtime/codecs/avro/avro.ts';
import { protobuf } from '../../runtime/codecs/protobuf/protobuf.ts';
import { FLEET, TRACK_AVSC } from '../codecs/fleet.ts';
import { startRegistry } from '../codecs/registry-server.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { startNode, startSluice } from '../harness/sluice-process.ts';
import { newPublisher } from '../host/publisher.ts';

const RULES = { numbers: 'reject', depth: 1000 } as const;
const SCHEMA = { name: 'track.v1', content: Buffer.from(JSON.stringify(TRACK_AVSC)) };

serverTest(
  'a bundle holds the codecs and schema files that its pipeline names and no others, and runs them without code made of texts',
  { needs: ['mosquitto-process'] },
  async () => {
    await using server = await startMosquitto({});
    await using registry = await startRegistry();
    registry.schemas.set(9, { schema: JSON.stringify(TRACK_AVSC) });
    using project = newProject({
      'schemas/track.v1.avsc': TRACK_AVSC,
      'schemas/fleet.v1.binpb': FLEET,
      'functions/f.ts': 'export default (body) => ({ id: body.id, lat: body.lat + 1 });',
      'pipelines/b.yaml': {
        name: 'b',
        buses: { field: { bus: 'mqtt', url: 'env:FIELD_URL' } },
        routes: [
          {
            name: 'up',
            from: { bus: 'field', topics: ['in/+'], codec: { avro: 'track.v1' } },
            stages: [{ function: 'f' }],
            to: { bus: 'field', topic: 'out/{body.id}', codec: { protobuf: 'fleet.v1', message: 'fleet.Track' } },
          },
          {
            name: 'asked',
            from: {
              bus: 'field',
              topics: ['framed/+'],
              codec: { avro: 'track.v1', confluent: { registry: 'env:REGISTRY_URL' } },
            },
            to: { bus: 'field', topic: 'out/{body.id}', codec: 'json' },
          },
          {
            name: 'plain',
            from: { bus: 'field', topics: ['cbor/+'], codec: 'cbor' },
            to: { bus: 'field', topic: 'msgpack/{topic.1}', codec: 'msgpack' },
          },
        ],
      },
    });
    await using build = startSluice(['build', 'pipelines/b.yaml', '--out', 'out'], { cwd: project.folder });
    assert.equal(await build.ended(), 0, build.stderr());
    const manifest = JSON.parse(readFileSync(project.path('out/b.manifest.json'), 'utf8')) as {
      codecSchemas: { name: string }[];
    };
    assert.deepEqual(
      manifest.codecSchemas.map(({ name }) => name),
      ['track.v1.avsc', 'fleet.v1.binpb'],
    );
    const reader = await connectAsync(server.url, { protocolVersion: 5 });
    await reader.subscribeAsync(['out/#', 'msgpack/#'], { qos: 1 });
    const arrived = new Map<string, Buffer>();
    reader.on('message', (topic, body) => void arrived.set(topic, body));
    await using bundle = startNode(['--disallow-code-generation-from-strings', 'out/b.mjs'], {
      cwd: project.folder,
      env: { FIELD_URL: server.url, REGISTRY_URL: registry.url },
    });
    await bundle.said('ready');
    await using publisher = await newPublisher(server.url);
    const avroOf = (id: string): Uint8Array =>
      avro({ schema: SCHEMA, options: {}, rules: RULES }).encode({ id, lat: 2, kind: 'SHIP' });
    await publisher.publish('in/a', Buffer.from(avroOf('u1')));
    await publisher.publish('framed/a', Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), avroOf('u2')]));
    await publisher.publish('cbor/x', Buffer.from('a1616101', 'hex'));
    const deadline = performance.now() + 10_000;
    while (arrived.size < 3 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(arrived.get('msgpack/x')?.toString('hex'), '81a16101');
    const proto = protobuf({
      schema: { name: 'fleet.v1', content: FLEET },
      options: { message: 'fleet.Track' },
      rules: RULES,
    });
    const body = proto.decode(arrived.get('out/u1') ?? new Uint8Array()) as { lat: number };
    assert.equal(body.lat, 3);
    assert.deepEqual(JSON.parse(String(arrived.get('out/u2'))), { id: 'u2', lat: 2, kind: 'SHIP' });
    await reader.endAsync(true);
    bundle.signal('SIGTERM');
    assert.equal(await bundle.ended(), 0);
    const sources = (folder: string): readonly string[] =>
      (JSON.parse(readFileSync(project.path(`${folder}/b.mjs.map`), 'utf8')) as { sources: string[] }).sources;
    for (const part of ['@bufbuild/protobuf', 'host/registry-ids.ts'])
      assert.ok(sources('out').some((source) => source.includes(part)));
    project.write('pipelines/b.yaml', {
      name: 'b',
      buses: { field: { bus: 'mqtt', url: 'env:FIELD_URL' } },
      routes: [{ name: 'r', from: { bus: 'field', topics: ['a'] }, to: { bus: 'field', topic: 'b' } }],
    });
    await using again = startSluice(['build', 'pipelines/b.yaml', '--out', 'plain'], { cwd: project.folder });
    assert.equal(await again.ended(), 0, again.stderr());
    assert.ok(!sources('plain').some((source) => /@bufbuild|codecs\/(avro|protobuf)\/|registry/.test(source)));
  },
);
