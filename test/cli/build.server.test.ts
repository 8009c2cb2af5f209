import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { fieldToCore } from '../host/field-to-core.ts';
import { readLetters } from '../host/memory-run.ts';
import { watchStream } from '../harness/out-stream.ts';
import { memoryProject, type Project } from '../harness/project.ts';
import { newPublisher } from '../host/publisher.ts';
import { REPOSITORY, startNode, startSluice } from '../harness/sluice-process.ts';

/** 100 kB of them are the exporters of metrics and logs, which a start does not load (compact-body.ts), and 50 kB the operator's page. */
const LIMIT_BYTES = 1_250_000;

const SOURCE = `
import { double } from 'arithmetic';
import { reject, type Transform } from 'sluice';

const f: Transform<{ n: number; at?: string }> = ({ n, at }) => {
  if (n === 13) throw new RangeError('an unlucky number');
  if (n === 14) return reject('refused');
  return { n: double(n), at };
};
export default f;
`;

/** References as written: an environment variable with a default, one that must be there, a file. */
const REFERENCES = {
  field: { url: 'env:FIELD_URL|mqtt://127.0.0.1:1', username: 'bridge', password: 'env:FIELD_PASSWORD' },
  core: { url: 'env:CORE_URL|nats://127.0.0.1:1', user: 'bridge', password: 'file:core-password' },
};

let project: Project;
let built: string;

before(async () => {
  project = fieldToCore(
    { field: 'mqtt://127.0.0.1:1', core: 'nats://127.0.0.1:1' },
    {
      source: SOURCE,
      ...REFERENCES,
      route: {
        stages: [{ validate: 'in.v1' }, { function: 'f' }, { validate: 'out.v1' }],
        retry: { attempts: 2, backoff: '1ms..2ms' },
      },
      files: {
        'core-password': 'built-with-this\n',
        'node_modules/arithmetic/package.json': { name: 'arithmetic', type: 'module', exports: './main.js' },
        'node_modules/arithmetic/main.js': '/*! a licence */ export const double = (n) => n * 2;',
        'schemas/in.v1.json': {
          type: 'object',
          required: ['n'],
          properties: { n: { type: 'integer' }, at: { type: 'string', format: 'date-time', maxLength: 40 } },
        },
        'schemas/out.v1.json': {
          $schema: 'http://json-schema.org/draft-07/schema#',
          $id: 'https://example.org/out',
          properties: { n: { $ref: 'number#' } },
        },
        'schemas/number.json': {
          $schema: 'http://json-schema.org/draft-07/schema#',
          $id: 'https://example.org/number',
          type: 'number',
          maximum: 1000,
        },
      },
    },
  );
  built = project.path('built/deep');
  await using process = startSluice(
    ['build', 'pipelines/bridge.yaml', '--out', built, '--container', '--k8s', '--systemd'],
    {
      cwd: project.folder,
      env: { FIELD_PASSWORD: 'built-with-that', FIELD_URL: 'mqtt://built.example.org' },
    },
  );
  assert.equal(await process.ended(), 0, process.stderr());
  assert.match(process.stdout(), /bridge\.mjs {2}\d+ kB\n.*bridge\.manifest\.json\n\n.*bridge\.Dockerfile\n/);
});

after(() => project[Symbol.dispose]());

function read(file: string): string {
  return readFileSync(join(built, file), 'utf8');
}

/** An empty folder with the bundle alone in it. */
function deployed(withMap: boolean): { readonly path: string } & Disposable {
  const folder = temporaryFolder('deployed');
  copyFileSync(join(built, 'bridge.mjs'), join(folder.path, 'bridge.mjs'));
  if (withMap) copyFileSync(join(built, 'bridge.mjs.map'), join(folder.path, 'bridge.mjs.map'));
  return folder;
}

serverTest(
  'a bundle runs in an empty folder, from MQTT to JetStream, with its functions and validators',
  {
    needs: ['mosquitto-process', 'nats-process'],
  },
  async () => {
    await using field = await startMosquitto({ users: { bridge: 'one-s3cret', test: 'test' } });
    await using core = await startNats({ users: [{ user: 'bridge', password: 'an0ther' }] });
    await using stream = await watchStream(core.url, { user: 'bridge', pass: 'an0ther' });
    await using publisher = await newPublisher(field.url.replace('://', '://test:test@'));
    for (const withMap of [true, false]) {
      using folder = deployed(withMap);
      writeFileSync(join(folder.path, 'core-password'), 'an0ther\n');
      await using bundle = startNode(['bridge.mjs'], {
        cwd: folder.path,
        env: { FIELD_URL: field.url, CORE_URL: core.url, FIELD_PASSWORD: 'one-s3cret' },
      });
      await bundle.said('ready');
      const already = await stream.count();
      for (const body of [
        '{"n":13}',
        '{"n":"x"}',
        '{"n":7,"at":"noon"}',
        '{"n":501}',
        '{"n":14}',
        '{"n":21,"at":"2026-01-01T00:00:00Z"}',
      ]) {
        await publisher.publish('in/a', body);
      }
      // The bundle's copy of the client's parser keeps the empty one (buses/mqtt/user-properties.ts).
      await publisher.publish('in/a', '{"n":7}', { userProperties: { seclabel: ['', 'S'] } });
      const stored = (await stream.read(already + 1)).at(-1);
      assert.equal(Buffer.from(stored?.body ?? []).toString(), '{"n":42,"at":"2026-01-01T00:00:00Z"}');
      await bundle.said('dead-letter', 6);
      bundle.signal('SIGTERM');
      assert.equal(await bundle.ended(), 0);
      const letters = readLetters(join(folder.path, '.sluice/bridge'));
      assert.deepEqual(letters.map(({ code }) => String(code)).toSorted(), [
        'LABEL_DUPLICATE',
        'SCHEMA_INVALID',
        'SCHEMA_INVALID',
        'SCHEMA_INVALID',
        'TRANSFORM_REJECTED',
        'TRANSFORM_THREW',
      ]);
      const threw = letters.find(({ code }) => code === 'TRANSFORM_THREW');
      assert.equal(threw?.['position'], withMap ? 'functions/f.ts:6:23' : null);
      assert.match(String(threw?.['text']), /RangeError: an unlucky number/);
      assert.doesNotMatch(bundle.stderr() + bundle.stdout(), /one-s3cret|an0ther/);
    }
  },
);

test('a bundle from MQTT to JetStream is small, and holds no bus that it does not name', () => {
  const code = read('bridge.mjs');
  assert.ok(Buffer.byteLength(code) <= LIMIT_BYTES, `${Buffer.byteLength(code)} bytes`);
  const sources = (JSON.parse(read('bridge.mjs.map')) as { sources: string[] }).sources;
  const buses = new Set(sources.flatMap((source) => /^sluice:buses\/([^/]+)/.exec(source)?.[1] ?? []));
  // What drivers share is in buses/support.
  assert.deepEqual([...buses].toSorted(), ['mqtt', 'nats', 'support']);
  assert.ok(!sources.some((source) => /node_modules\/(yaml|aedes|esbuild)\//.test(source)));
  assert.ok(!sources.some((source) => /node_modules\/ajv\/dist\/(core|compile)/.test(source)), 'no schema compiler');
  assert.ok(sources.includes('functions/f.ts'));
  assert.ok(sources.includes('node_modules/arithmetic/main.js'));
});

test('a bundle of other buses holds none of the clients', async () => {
  using memory = memoryProject([], {}, 'm');
  await using process = startSluice(['build', 'pipelines/m.yaml', '--out', 'out'], { cwd: memory.folder });
  assert.equal(await process.ended(), 0, process.stderr());
  const { sources } = JSON.parse(readFileSync(memory.path('out/m.mjs.map'), 'utf8')) as { sources: string[] };
  assert.ok(!sources.some((source) => /node_modules\/(mqtt|@nats-io)|buses\/(mqtt|nats)/.test(source)));
  await using bundle = startNode(['out/m.mjs'], { cwd: memory.folder });
  await bundle.said('ready');
  bundle.signal('SIGTERM');
  assert.equal(await bundle.ended(), 0);
});

test('neither code nor map nor manifest names a folder of the machine that built them, or a secret', () => {
  const files = ['bridge.mjs', 'bridge.mjs.map', 'bridge.manifest.json'];
  const beside = ['bridge.Dockerfile', 'bridge.Dockerfile.dockerignore', 'bridge.k8s.yaml', 'bridge.service'];
  for (const file of [...files, ...beside]) {
    const text = read(file);
    // A short name stands in any text.
    const machine = hostname().length > 5 ? hostname() : '\0';
    for (const trace of [
      REPOSITORY,
      project.folder,
      `${tmpdir()}/`,
      `${homedir()}/`,
      machine,
      'built-with',
      'built.example',
    ]) {
      assert.ok(!text.includes(trace), `${file} holds ${trace}`);
    }
    if (file.endsWith('.map')) assert.doesNotMatch(text, /"\.\.\/|"\//);
  }
});

test('the notices of every package that a bundle holds lie beside it', () => {
  const notices = read('bridge.licences.txt');
  for (const name of ['mqtt', 'mqtt-packet', '@nats-io/jetstream', '@nats-io/nats-core', 'arithmetic']) {
    assert.match(notices, new RegExp(`^${name} `, 'm'), name);
  }
  assert.doesNotMatch(notices, /^(kafkajs|amqplib|yaml|esbuild) /m);
  assert.match(notices, /Permission is hereby granted/);
});

test('the manifest says what a bundle talks to, what it needs and what it was made of', () => {
  const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  const size = (file: string): number => readFileSync(join(built, file)).length;
  const ofProject = (name: string, file: string): object => ({ name, sha256: sha256(project.path(file)) });
  assert.deepEqual(JSON.parse(read('bridge.manifest.json')), {
    name: 'bridge',
    pipeline: 'pipelines/bridge.yaml',
    node: '>=22.18',
    buses: ['jetstream', 'mqtt'],
    routes: [{ name: 'up', from: 'mqtt', to: 'jetstream' }],
    environment: [
      { name: 'FIELD_URL', required: false },
      { name: 'FIELD_PASSWORD', required: true },
      { name: 'CORE_URL', required: false },
    ],
    files: ['core-password'],
    functions: [ofProject('f', 'functions/f.ts')],
    codecSchemas: [],
    schemas: [
      ofProject('in.v1', 'schemas/in.v1.json'),
      ofProject('out.v1', 'schemas/out.v1.json'),
      ofProject('number', 'schemas/number.json'),
    ],
    bundle: { file: 'bridge.mjs', bytes: size('bridge.mjs'), sha256: sha256(join(built, 'bridge.mjs')) },
    sourceMap: { file: 'bridge.mjs.map', bytes: size('bridge.mjs.map'), sha256: sha256(join(built, 'bridge.mjs.map')) },
  });
});

test('a bundle whose references cannot be resolved ends with 2 and names every one of them', async () => {
  using folder = deployed(false);
  await using bundle = startNode(['bridge.mjs'], { cwd: folder.path });
  assert.equal(await bundle.ended(), 2);
  assert.match(bundle.stderr(), /^pipelines\/bridge\.yaml:\d+:\d+ {2}ENV_MISSING {2}.*FIELD_PASSWORD/m);
  assert.match(bundle.stderr(), /^pipelines\/bridge\.yaml:\d+:\d+ {2}FILE_UNREADABLE {2}.*core-password/m);
});

test('a bundle tells how it is run, refuses what it does not know, and keeps its compiled code', async () => {
  using folder = deployed(false);
  mkdirSync(join(folder.path, 'temporary'));
  const options = { cwd: folder.path, env: { TMPDIR: join(folder.path, 'temporary') } };
  await using help = startNode(['bridge.mjs', '--help'], options);
  assert.equal(await help.ended(), 0);
  assert.match(help.stdout(), /^usage: node bridge\.mjs \[COMMAND\] \[options\]\n/);
  assert.match(help.stdout(), /--admin HOST:PORT/);
  const cache = join(folder.path, 'temporary/node-compile-cache');
  assert.ok(existsSync(cache) && readdirSync(cache).length > 0, 'the compile cache is in use');
  writeFileSync(join(folder.path, 'core-password'), 'x');
  await using wrong = startNode(['bridge.mjs', '--drian', '1s'], { ...options, env: { FIELD_PASSWORD: 'x' } });
  assert.equal(await wrong.ended(), 2);
  assert.match(wrong.stderr(), /--drian/);
});

test('what is wrong with a project is told by build as by check, and nothing is written', async () => {
  using broken = memoryProject([{ function: 'f' }, { validate: 's' }], {
    'functions/f.ts': 'export default (',
    'schemas/s.json': { format: 'unheard-of', type: 'string' },
  });
  await using process = startSluice(['build', 'pipelines/p.yaml', '--out', 'out'], { cwd: broken.folder });
  assert.equal(await process.ended(), 2);
  assert.match(process.stderr(), /FUNCTION_BROKEN/);
  assert.match(process.stderr(), /SCHEMA_BROKEN/);
  assert.ok(!existsSync(broken.path('out')));
});

test('every bus of the catalog can be bundled', async () => {
  for (const bus of catalog.buses.values()) {
    const module: unknown = await import(join(REPOSITORY, 'runtime', bus.module.file));
    assert.ok(typeof module === 'object' && module !== null);
    assert.equal(Reflect.get(module, bus.module.exportName), bus);
  }
});
