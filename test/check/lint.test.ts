import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** What the project's own lint, with its own configuration, says of these files: one line a finding, its path first. */
function lint(files: ReadonlyMap<string, string>, ...flags: readonly string[]): string {
  using folder = temporaryFolder('lint');
  for (const file of ['oxlint.config.ts', 'tsconfig.json', 'package.json']) {
    copyFileSync(join(PROJECT, file), join(folder.path, file));
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(folder.path, 'node_modules'));
  for (const [path, source] of files) {
    mkdirSync(dirname(join(folder.path, path)), { recursive: true });
    writeFileSync(join(folder.path, path), source);
  }
  const oxlint = join(PROJECT, 'node_modules/.bin/oxlint');
  const args = [...flags, '--format', 'unix', 'runtime', 'functions', 'test'];
  const run = spawnSync(oxlint, args, { cwd: folder.path, encoding: 'utf8', timeout: 60_000 });
  assert.equal(run.error, undefined);
  return run.stdout;
}

/** Which gate: the finding must stand on the mutant's file and name the rule. */
function findings(said: string, path: string): string {
  return said
    .split('\n')
    .filter((line) => line.startsWith(`${path}:`))
    .join('\n');
}

test('a floating promise is refused', () => {
  const source = 'async function settle(): Promise<void> {}\nexport function walk(): void {\n  settle();\n}\n';
  const said = lint(new Map([['runtime/engine/route.ts', source]]), '--type-aware');
  assert.match(findings(said, 'runtime/engine/route.ts'), /no-floating-promises/);
});

/** Left to right: a room imports rooms of the layers before its own. Written here again, so that a gate cannot move unseen. */
const LAYERS: readonly (readonly string[])[] = [
  ['contract', 'kit'],
  ['template', 'codecs', 'labels', 'guards', 'buses', 'store', 'telemetry'],
  ['expressions', 'admin'],
  ['stages', 'engine', 'project'],
  ['host'],
  ['rehearsal', 'verify', 'demo', 'advise'],
  ['cli'],
];

type Mutant = readonly [sentence: string, folder: string, specifier: string];

/** Every arrow between two rooms that must not be: to a room of the same layer, or of a later one. */
const ARROWS: readonly Mutant[] = LAYERS.flatMap((layer, at) =>
  layer.flatMap((room) =>
    LAYERS.slice(at)
      .flat()
      .filter((other) => other !== room)
      .map((other): Mutant => {
        const isAlias = other === 'contract' || other === 'kit';
        return [`${room} that imports ${other}`, `runtime/${room}`, isAlias ? `#${other}/x.ts` : `../${other}/x.ts`];
      }),
  ),
);

const REFUSED: readonly Mutant[] = [
  ...ARROWS,
  ['a bus that imports the engine', 'runtime/buses/x', '../../engine/route.ts'],
  ['a client folder of a bus that imports the engine', 'runtime/buses/x/client', '../../../engine/route.ts'],
  ['a sub-folder of the store that imports the engine', 'runtime/store/spool', '../../engine/route.ts'],
  ['a bus that imports its neighbour', 'runtime/buses/nats', '../mqtt/source.ts'],
  ['a client folder of a bus that imports its neighbour', 'runtime/buses/nats/client', '../../mqtt/source.ts'],
  ['what buses share that imports one of them', 'runtime/buses/support', '../mqtt/source.ts'],
  ['a step of the engine that imports a later one', 'runtime/engine/admit', '../send/sender.ts'],
  ['a step of the engine that imports an earlier one', 'runtime/engine/settle', '../admit/admission.ts'],
  ['a step of the engine that imports the route', 'runtime/engine/send', '../route.ts'],
  ['a step of the engine that imports a later room', 'runtime/engine/send', '../../host/wire.ts'],
  ['a part that imports the root', 'runtime/stages', '../sluice.ts'],
  ['a sub-folder that imports the root', 'runtime/project/check', '../../sluice.ts'],
  ['a part that leaves itself by a detour', 'runtime/stages', './../engine/route.ts'],
  ['a part that leaves #kit', 'runtime/stages', '#kit/../engine/route.ts'],
  ['a part that comes in by the public door', 'runtime/stages', 'sluice'],
  ['a root file that leaves the runtime', 'runtime', '../test/harness/server-test.ts'],
  ['a root file that imports a room', 'runtime', './engine/route.ts'],
  ['a command that leaves the runtime', 'runtime/cli', '../../test/harness/server-test.ts'],
  ['a contract that imports a package', 'runtime/contract', 'mqtt'],
  ['a tool that imports the contract', 'runtime/kit', '#contract/frame.ts'],
  ['OpenTelemetry outside of telemetry', 'runtime/engine', '@opentelemetry/api'],
  ['a contract that imports the SDK', 'runtime/contract', '@opentelemetry/sdk-trace'],
  ['a contract that imports an exporter', 'runtime/contract', '@opentelemetry/exporter-trace-otlp-proto'],
  ['ajv in a bus', 'runtime/buses/nats', 'ajv/dist/2020.js'],
  ['an MQTT client in the NATS bus', 'runtime/buses/nats', 'mqtt'],
  ['a Kafka client in the RabbitMQ bus', 'runtime/buses/rabbitmq', 'kafkajs/src/cluster/index.js'],
  ['an AMQP client in the Kafka bus', 'runtime/buses/kafka', 'amqplib'],
  ['a NATS client in the MQTT bus', 'runtime/buses/mqtt', '@nats-io/transport-node'],
  ['the Kafka client beside its folder', 'runtime/buses/kafka', 'kafkajs/src/cluster/index.js'],
  ['the Kafka client in the Kafka source', 'runtime/buses/kafka/source', 'kafkajs'],
  ['a file behind the index of the Kafka client', 'runtime/buses/kafka', './client/cluster.ts'],
  ['a sub-folder that goes behind the index of the Kafka client', 'runtime/buses/kafka/sink', '../client/fetch.ts'],
  ['a codec of Kafka in its client', 'runtime/buses/kafka/client', 'lz4js'],
  ['a Kafka client that imports another bus', 'runtime/buses/kafka/client', '../../mqtt/source.ts'],
  ['a bus client in the engine', 'runtime/engine', 'mqtt-packet'],
  ['a bus client in the root', 'runtime', 'mqtt'],
  ['a client library outside of the client folder', 'runtime/buses/nats/core', '@nats-io/transport-node'],
  ['the embedded broker in a bus', 'runtime/buses/mqtt', 'aedes'],
  ['a function that imports the inside of the runtime', 'functions', '../runtime/engine/route.ts'],
  ['a function that imports the contract', 'functions', '#contract/frame.ts'],
];

const ALLOWED: readonly (readonly [folder: string, specifier: string])[] = [
  ['runtime/buses/mqtt/client', 'mqtt'],
  ['runtime/buses/nats/client', '@nats-io/jetstream'],
  ['runtime/buses/kafka/client', 'kafkajs/src/cluster/index.js'],
  ['runtime/buses/kafka/client', '../kafka-client.ts'],
  ['runtime/buses/kafka', './client/index.ts'],
  ['runtime/buses/kafka/records', 'snappyjs'],
  ['runtime/buses/rabbitmq/client', 'amqplib'],
  ['runtime/buses/nats', './connect.ts'],
  ['runtime/telemetry', '@opentelemetry/api'],
  ['runtime/contract', '@opentelemetry/api'],
  ['runtime/project/schemas', 'ajv/dist/2020.js'],
  ['runtime/engine', '#contract/frame.ts'],
  ['runtime/engine', './send/sender.ts'],
  ['runtime/engine/send', '../in-flight.ts'],
  ['runtime/buses/kafka/client', '../../support/backoff.ts'],
  ['runtime/project/schemas/pattern', '../../read/x.ts'],
  ['runtime/host', '../engine/route.ts'],
  ['runtime/host', '../buses/mqtt/index.ts'],
  ['runtime/kit', './deque.ts'],
  ['runtime', '#contract/transform.ts'],
  ['runtime/cli', '../host/wire.ts'],
  ['runtime/verify', '../host/end-options.ts'],
  ['runtime/demo', 'aedes'],
  ['functions', 'sluice'],
  ['test/engine', '../../runtime/engine/route.ts'],
];

const staticImport = (specifier: string): string => `import { x } from '${specifier}';\nexport const y = x;\n`;
const lazyImport = (specifier: string): string => `export const y = (): Promise<unknown> => import('${specifier}');\n`;

test('imports keep to the layers', async (t) => {
  const refused = REFUSED.map(([sentence, folder, specifier], at) => ({
    sentence,
    specifier,
    path: `${folder}/no-${at}.ts`,
  }));
  const lazy = refused.map((mutant) => ({ ...mutant, path: mutant.path.replace('no-', 'lazy-') }));
  const allowed = ALLOWED.map(([folder, specifier], at) => ({ specifier, path: `${folder}/yes-${at}.ts` }));
  const said = lint(
    new Map([
      ...refused.map(({ path, specifier }) => [path, staticImport(specifier)] as const),
      ...lazy.map(({ path, specifier }) => [path, lazyImport(specifier)] as const),
      ...allowed.map(({ path, specifier }) => [path, staticImport(specifier)] as const),
    ]),
  );
  for (const { sentence, path } of refused) {
    await t.test(`${sentence} is refused`, () => assert.match(findings(said, path), /no-restricted-imports/));
  }
  for (const { sentence, path } of lazy) {
    await t.test(`${sentence} is refused when it does so lazily`, () =>
      assert.match(findings(said, path), /no-restricted-imports/),
    );
  }
  for (const { path, specifier } of allowed) {
    await t.test(`${specifier} may be imported in ${dirname(path)}`, () =>
      assert.doesNotMatch(findings(said, path), /no-restricted-imports/),
    );
  }
});

test('the layers name every room of the runtime', () => {
  const rooms = readdirSync(join(PROJECT, 'runtime'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(rooms.map(({ name }) => name).toSorted(), LAYERS.flat().toSorted());
});

test('nothing in contract and kit touches the process or its streams', () => {
  const source = "process.stderr.write('x');\n";
  const paths = ['runtime/kit/no.ts', 'runtime/contract/no.ts'];
  const said = lint(new Map(paths.map((path) => [path, source])));
  for (const path of paths) assert.match(findings(said, path), /no-restricted-globals/);
});
