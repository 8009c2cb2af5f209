import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startMosquitto } from '../harness/mosquitto.ts';
import { serverTest } from '../harness/server-test.ts';
import { natsWords } from '../harness/nats-client.ts';
import { ownName, sharedKafka, sharedNats, sharedRabbitMq } from '../harness/shared.ts';
import { type TemporaryFolder, temporaryFolder } from '../harness/temporary-folder.ts';
import { clientIdAt } from '../host/field-to-core.ts';
import { memoryProject, newProject } from '../harness/project.ts';
import { REPOSITORY, startNode } from '../harness/sluice-process.ts';

let home: TemporaryFolder;
let sluice: string;

// The build writes into its working directory; the repository's own dist is not a test's to replace.
before(() => {
  home = temporaryFolder('distribution');
  for (const file of ['package.json', 'build.mjs', 'tsconfig.json']) {
    copyFileSync(join(REPOSITORY, file), join(home.path, file));
  }
  for (const folder of ['runtime', 'node_modules', 'pipelines', 'functions', 'schemas']) {
    symlinkSync(join(REPOSITORY, folder), join(home.path, folder));
  }
  const made = spawnSync(process.execPath, ['build.mjs'], {
    cwd: home.path,
    encoding: 'utf8',
    env: { ...process.env, SLUICE_COMMIT: '0123abc' },
  });
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /^dist\/sluice\.mjs \d+ kB/);
  sluice = join(home.path, 'dist/sluice.mjs');
});

after(() => home[Symbol.dispose]());

test('the built command line checks, runs and bundles a project that lies elsewhere', async () => {
  using project = memoryProject([{ function: 'f' }], {
    'functions/f.ts':
      "import { drop, type Transform } from 'sluice';\nconst f: Transform = () => drop('x');\nexport default f;\n",
  });
  const options = { cwd: project.folder };
  await using checked = startNode([sluice, 'check', 'pipelines/p.yaml'], options);
  assert.equal(await checked.ended(), 0, checked.stdout() + checked.stderr());
  await using ran = startNode([sluice, 'run', 'pipelines/p.yaml'], options);
  await ran.said('ready');
  ran.signal('SIGTERM');
  assert.equal(await ran.ended(), 0);
  await using built = startNode([sluice, 'build', 'pipelines/p.yaml', '--out', 'out'], options);
  assert.equal(await built.ended(), 0, built.stderr());
  await using bundle = startNode(['out/p.mjs'], options);
  await bundle.said('ready');
  bundle.signal('SIGTERM');
  assert.equal(await bundle.ended(), 0);
});

test('the built command line is one program wherever it is called from: its version, its schema, its pipelines', async () => {
  await using version = startNode([sluice, '--version'], { cwd: '/' });
  assert.equal(await version.ended(), 0);
  const { version: expected } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(version.stdout(), `${expected} (0123abc)\n`);
  await using schema = startNode([sluice, 'schema'], { cwd: '/' });
  assert.equal(await schema.ended(), 0);
  assert.ok(schema.stdout() === readFileSync(join(REPOSITORY, 'schemas/pipeline.schema.json'), 'utf8'));
});

serverTest(
  'the built command line reaches a real server of every bus',
  { needs: ['nats', 'mosquitto', 'kafka', 'rabbitmq'] },
  async () => {
    await using nats = await sharedNats();
    await using mosquitto = await startMosquitto();
    const kafka = await sharedKafka();
    const rabbit = await (await sharedRabbitMq()).freshVhost();
    const topic = ownName('a');
    using project = newProject({
      'pipelines/all.yaml': {
        name: 'all',
        buses: {
          mqtt: { bus: 'mqtt', url: mosquitto.url, clientId: clientIdAt(mosquitto.url) },
          nats: { bus: 'nats', ...natsWords(nats.url) },
          jetstream: { bus: 'jetstream', ...natsWords(nats.url), create: true },
          kafka: { bus: 'kafka', brokers: kafka.brokers, create: true },
          rabbitmq: { bus: 'rabbitmq', url: rabbit, create: true },
        },
        routes: [
          { name: 'a', from: { bus: 'mqtt', topics: ['a'] }, to: { bus: 'jetstream', stream: 'A', subject: 'a' } },
          { name: 'b', from: { bus: 'jetstream', stream: 'A' }, to: { bus: 'kafka', topic } },
          { name: 'c', from: { bus: 'kafka', topics: [topic], group: topic }, to: { bus: 'rabbitmq', queue: 'a' } },
          { name: 'd', from: { bus: 'rabbitmq', queue: 'a' }, to: { bus: 'nats', subject: 'b' } },
          { name: 'e', from: { bus: 'nats', subjects: ['b'] }, to: { bus: 'mqtt', topic: 'b' } },
        ],
      },
    });
    await using ran = startNode([sluice, 'run', 'pipelines/all.yaml'], { cwd: project.folder });
    await ran.said('ready', 1, 60_000);
    ran.signal('SIGTERM');
    assert.equal(await ran.ended(), 0, ran.stderr());
  },
);

test('clients are chunks of their own: no file of the build but one belongs to every command', () => {
  const main = readFileSync(sluice, 'utf8');
  assert.ok(main.length < 20_000, `${main.length} characters to start with`);
  assert.ok(readdirSync(join(home.path, 'dist/chunks')).length > 5);
});
