import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { connectAsync } from 'mqtt';
import { REACHABLE } from '../brokers/all.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { DEMO_FILE } from './demo-policy.ts';

const LABEL = '1;p=urn:demo:ops;c=S;REL=GBR,USA';
const CEILING = 'S;REL=GBR,USA';

/** Every shape of what a binding is over: with and without content type and id, no bytes, and bytes that are no text. */
const MESSAGES: readonly { readonly body: string | Buffer; readonly contentType?: string; readonly msgid?: string }[] =
  [
    { body: '{"n":1}', contentType: 'application/json; charset=UTF-8', msgid: 'm 1 ü%' },
    { body: '{"n":2}', contentType: 'application/json' },
    { body: '{"n":3}', msgid: 'm-3' },
    { body: '{"n":4}' },
    { body: '' },
    { body: Buffer.from([0, 0xff, 0xfe, 0x0a]), contentType: 'application/octet-stream', msgid: 'm-6' },
  ];

serverTest(
  'what a sink signs holds behind every bus, and what nobody signed does not pass it',
  { needs: ['mosquitto-process', ...REACHABLE.map(({ endpoints }) => endpoints.needs.share)] },
  async () => {
    await using field = await startMosquitto({});
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signing = { kid: 'bridge-1', alg: 'EdDSA', key: 'file:sign.pem', expires: '1h' };
    const binding = { keys: { 'bridge-1': { alg: 'EdDSA', key: 'file:verify.pem' } } };
    const buses: Record<string, object> = { field: { bus: 'mqtt', url: field.url, protocol: '5', ceiling: CEILING } };
    const routes: object[] = [];
    const ends = await Promise.all(
      REACHABLE.map(async ({ name, endpoints }) => [name, await endpoints.share()] as const),
    );
    for (const [name, end] of ends) {
      const tag = `${name}-bound`;
      await end.prepare('sink', [tag]);
      buses[name] = { ...end.direct, ceiling: CEILING };
      const out = { bus: name, ...end.exit(tag).bridge };
      const from = { bus: 'field', topics: ['in/+'], qos: 1, key: '{topic.1}' };
      routes.push({ name: `${tag}-out`, from, to: { ...out, sign: signing } });
      routes.push({
        name: `${tag}-back`,
        from: { bus: name, ...end.exit(tag).checker, binding },
        to: { bus: 'field', topic: `back/${name}`, qos: 1 },
      });
      routes.push({
        name: `${tag}-plain`,
        from: { ...from, topics: ['plain/+'] },
        to: out,
      });
    }
    using project = newProject({
      'pipelines/p.yaml': { name: 'bound', labels: 'ops', buses, routes },
      'schemas/ops.policy.json': DEMO_FILE,
      'sign.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'verify.pem': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
    const client = await connectAsync(field.url, { protocolVersion: 5 });
    await client.subscribeAsync('back/#', { qos: 1 });
    const back = new Map<string, string[]>(ends.map(([name]) => [name, []]));
    client.on('message', (topic, body) => back.get(topic.split('/')[1] ?? '')?.push(body.toString('base64')));
    await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    const publish = (topic: string, { body, contentType, msgid }: (typeof MESSAGES)[number]): Promise<unknown> =>
      client.publishAsync(topic, body, {
        qos: 1,
        properties: {
          ...(contentType !== undefined && { contentType }),
          userProperties: { seclabel: LABEL, ...(msgid !== undefined && { msgid }) },
        },
      });
    await publish('plain/v1', { body: '{"unsigned":1}' });
    for (const message of MESSAGES) await publish('in/v1', message);
    const wanted = MESSAGES.map(({ body }) => Buffer.from(body).toString('base64'));
    await waitFor(
      () => [...back.values()].every((bodies) => bodies.length >= wanted.length),
      20_000,
      'all from every bus',
    );
    for (const [name, bodies] of back) assert.deepEqual(bodies, wanted, name);
    await client.endAsync(true);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);
