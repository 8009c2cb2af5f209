import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { sharedNats } from '../harness/shared.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { fieldToCore } from '../host/field-to-core.ts';
import { watchStream } from '../harness/out-stream.ts';
import { newProject, type Project } from '../harness/project.ts';
import { newPublisher } from '../host/publisher.ts';
import { REPOSITORY, type SluiceProcess, startNode, startSluice } from '../harness/sluice-process.ts';

const SOURCE = 'export default ({ n }) => { if (n === 13) throw new RangeError("unlucky"); return { n: n * 2 }; };';
const SCHEMA = { type: 'object', required: ['n'], properties: { n: { type: 'integer' }, s: { pattern: '^(a|b)+$' } } };

/** An empty folder with the bundle in it, and the folders that the command of docs/deployment.md names. */
async function deployed(project: Project): Promise<{ readonly path: string } & Disposable> {
  const built = project.path('built');
  await using build = startSluice(['build', 'pipelines/bridge.yaml', '--out', built], { cwd: project.folder });
  assert.equal(await build.ended(), 0, build.stderr());
  const folder = temporaryFolder('restricted');
  for (const file of ['bridge.mjs', 'bridge.mjs.map']) copyFileSync(join(built, file), join(folder.path, file));
  for (const name of ['state', 'secrets']) mkdirSync(join(folder.path, name));
  return folder;
}

/** As docs/deployment.md says; started from another folder, as a supervisor does. */
function restricted(folder: string, env: Record<string, string>): SluiceProcess {
  const flags = [
    '--disallow-code-generation-from-strings',
    '--permission',
    '--allow-worker',
    `--allow-fs-read=${folder}`,
    `--allow-fs-write=${folder}/state`,
  ];
  const page = readFileSync(join(REPOSITORY, 'docs/deployment.md'), 'utf8');
  for (const flag of flags)
    assert.ok(page.includes(flag.replaceAll(folder, '/srv/bridge')), `${flag} is not in the page`);
  const args = [...flags, join(folder, 'bridge.mjs'), '--state', `${folder}/state`, '--admin', '127.0.0.1:0'];
  return startNode(args, { cwd: '/', env });
}

serverTest(
  'a bundle runs without code made of texts, and with rights to its own folder alone: functions, threads, schemas, state and renewed secrets, from whichever folder it is started',
  { needs: ['mosquitto-process', 'nats'] },
  async () => {
    await using field = await startMosquitto({ users: { bridge: 'f1rst-0ne', test: 'test' } });
    await using core = await sharedNats();
    using project = fieldToCore(
      { field: field.url, core: core.url },
      {
        source: SOURCE,
        field: { username: 'bridge', password: 'env:FIELD_PASSWORD' },
        route: {
          stages: [{ validate: 'in' }, { function: 'f', isolate: 'worker' }],
          retry: { attempts: 2, backoff: '1ms..2ms' },
        },
        files: { 'schemas/in.json': SCHEMA },
      },
    );
    using folder = await deployed(project);
    const secret = join(folder.path, 'secrets', 'field');
    writeFileSync(secret, 'f1rst-0ne\n');
    await using bundle = restricted(folder.path, { FIELD_PASSWORD: 'file:secrets/field' });
    await bundle.said('ready');
    const url = String((await bundle.said('admin'))['url']);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    await using publisher = await newPublisher(field.url.replace('://', '://test:test@'));
    for (const body of ['{"n":1}', '{"n":13}', '{"n":"x"}', '{"n":2,"s":"ab"}']) await publisher.publish('in/k', body);
    await using stream = await watchStream(core.url);
    assert.equal((await stream.read(2)).length, 2);
    await bundle.said('dead-letter', 2);
    await field.setUsers({ bridge: 'sec0nd-0ne', test: 'test' });
    await bundle.said('bus-problem');
    writeFileSync(secret, 'sec0nd-0ne\n');
    await bundle.said('connected', 3);
    bundle.signal('SIGTERM');
    assert.equal(await bundle.ended(), 0, bundle.stderr());
    assert.doesNotMatch(bundle.stderr(), /ERR_ACCESS_DENIED|EvalError|f1rst|sec0nd/);
  },
);

serverTest(
  'so does one that judges by several schemas, chosen by an expression, and upcasts to the last of them',
  { needs: ['mosquitto-process', 'nats'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await sharedNats();
    const unlike = { not: { required: ['b'] }, properties: { a: { pattern: '^(a+)+$' }, list: { uniqueItems: true } } };
    const versions = { of: ['t.v1', 't.v2'], by: "has(header.schema) ? header.schema : 't.v1'" };
    using project = fieldToCore(
      { field: field.url, core: core.url },
      {
        route: {
          stamp: true,
          stages: [{ validate: versions, upcast: { 't.v1': 'up' }, isolate: 'worker' }, { filter: 'body.b != 0' }],
        },
        files: {
          'schemas/t.v1.json': { type: 'object', required: ['a'], ...unlike },
          'schemas/t.v2.json': { type: 'object', required: ['b'], properties: { b: { type: 'number' } } },
          'functions/up.ts': 'export default ({ a }) => ({ b: a.length });',
        },
      },
    );
    using folder = await deployed(project);
    await using bundle = restricted(folder.path, {});
    await bundle.said('ready');
    await using publisher = await newPublisher(field.url);
    await publisher.publish('in/k', '{"a":"aaa"}');
    await publisher.publish('in/k', '{"b":7}', { userProperties: { schema: 't.v2' } });
    await publisher.publish('in/k', '{"a":"b"}', { userProperties: { schema: 't.v1' } });
    await publisher.publish('in/k', '{"b":7}', { userProperties: { schema: 't.v3' } });
    await using stream = await watchStream(core.url);
    const stored = await stream.read(2);
    assert.deepEqual(
      stored.map((message) => [Buffer.from(message.body).toString(), message.header('schema')]),
      [
        ['{"b":3}', ['t.v2']],
        ['{"b":7}', ['t.v2']],
      ],
    );
    await bundle.said('dead-letter', 2);
    bundle.signal('SIGTERM');
    assert.equal(await bundle.ended(), 0, bundle.stderr());
    assert.doesNotMatch(bundle.stderr(), /ERR_ACCESS_DENIED|EvalError/);
  },
);

serverTest('so does one of Kafka and RabbitMQ, as far as their servers', { needs: [] }, async () => {
  const ends = { from: { bus: 'from', queue: 'q' }, to: { bus: 'log', topic: 'out', compression: 'zstd' } };
  using project = newProject({
    'pipelines/bridge.yaml': {
      name: 'bridge',
      buses: {
        from: { bus: 'rabbitmq', url: 'amqp://127.0.0.1:1' },
        log: { bus: 'kafka', brokers: ['127.0.0.1:1'] },
        back: { bus: 'kafka', brokers: ['127.0.0.1:1'] },
        other: { bus: 'rabbitmq', url: 'amqp://127.0.0.1:1' },
      },
      routes: [
        { name: 'r', ...ends },
        { name: 's', from: { bus: 'back', topics: ['out'] }, to: { bus: 'other', queue: 'other' } },
      ],
    },
  });
  using folder = await deployed(project);
  await using bundle = restricted(folder.path, {});
  for (const bus of ['log', 'other']) {
    await bundle.until(
      () => bundle.lines().some((line) => line['bus'] === bus && line['code'] === 'BUS_UNREACHABLE'),
      `${bus} to be called for`,
    );
  }
  assert.doesNotMatch(bundle.stderr(), /ERR_ACCESS_DENIED|EvalError/);
});
