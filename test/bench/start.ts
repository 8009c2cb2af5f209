// How long from the start of a process to its first message delivered: a bundle of `sluice build` against a bundle of the
// same clients written by hand, MQTT to JetStream, alternating, medians. Once with Node's compile cache filled, which both
// turn on, and once without it: the first start of a container.
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { build } from 'esbuild';
import mqtt from 'mqtt';
import { NODE_BUNDLE } from '../../runtime/project/functions/bundle-functions.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { testStream } from '../harness/test-stream.ts';
import { report } from './work.ts';

const ROUNDS = 11;
const MODES = {
  'with the compile cache': {},
  'without it': { NODE_DISABLE_COMPILE_CACHE: '1' },
} as const;

const PIPELINE = `name: start
buses:
  a: { bus: mqtt, url: "env:MQTT_URL" }
  b: { bus: jetstream, url: "env:NATS_URL" }
routes:
  - name: r
    from: { bus: a, topics: ["in/+"], key: "{topic.1}", session: 0s }
    stages: [{ validate: owntracks-location.v1 }, { function: owntracks-to-track }, { validate: track.v1 }]
    to: { bus: b, stream: OUT, subject: "out.{key}" }
`;

const folder = await mkdtemp(join(tmpdir(), 'sluice-start-'));
await using nats = await startNats();
await using mosquitto = await startMosquitto();
const environment = { ...process.env, NATS_URL: nats.url, MQTT_URL: mosquitto.url };
try {
  await (await testStream(nats.url, 'OUT', ['out.>']))[Symbol.asyncDispose]();
  const publisher = await mqtt.connectAsync(mosquitto.url);
  await publisher.publishAsync('in/1', report(1), { qos: 1, retain: true });
  await publisher.endAsync();
  const files = { hand: await bundleByHand(), sluice: await bundleOfSluice() };
  for (const [mode, variables] of Object.entries(MODES)) {
    const times: Record<keyof typeof files, number[]> = { hand: [], sluice: [] };
    // The first round fills the compile cache and is not counted.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const maker of ['hand', 'sluice'] as const) {
        const ms = await once(files[maker], variables);
        if (round > 0) times[maker].push(ms);
      }
    }
    const [hand, sluice] = [middle(times.hand), middle(times.sluice)];
    process.stdout.write(
      `start to first message ${mode}, ${ROUNDS} rounds, medians: hand-written ${hand.toFixed(0)} ms, sluice ${sluice.toFixed(0)} ms, ratio ${(sluice / hand).toFixed(2)}\n`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function once(file: string, variables: NodeJS.ProcessEnv): Promise<number> {
  const connection = await connect({ servers: nats.url });
  const arrived = new Promise<void>((resolve) => {
    connection.subscribe('out.>', { max: 1, callback: () => resolve() });
  });
  await connection.flush();
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...environment, ...variables },
    stdio: 'ignore',
  });
  await arrived;
  const ms = performance.now() - startedAtMs;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  await connection.close();
  return ms;
}

async function bundleByHand(): Promise<string> {
  const outfile = join(folder, 'hand.mjs');
  const entryPoints = [join(import.meta.dirname, 'hand-written', 'start.ts')];
  await build({ ...NODE_BUNDLE, entryPoints, outfile, minify: true, logLevel: 'warning' });
  return outfile;
}

async function bundleOfSluice(): Promise<string> {
  await mkdir(join(folder, 'pipelines'));
  const file = join(folder, 'pipelines', 'start.yaml');
  await writeFile(file, PIPELINE);
  for (const part of ['functions', 'schemas']) {
    await promisify(execFile)('cp', ['-r', join(packageFolder(), part), folder]);
  }
  const main = join(packageFolder(), 'runtime', 'cli', 'main.ts');
  await promisify(execFile)(process.execPath, [main, 'build', file, '--out', folder]);
  return join(folder, 'start.mjs');
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
