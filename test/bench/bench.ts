import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { type Case, CASES } from './bridge.ts';
import { pipelineDocument } from './pipeline-document.ts';
import { fillMqtt, fillStream, pourCore } from './load.ts';
import { NODE_BUNDLE } from '../../runtime/bundle-functions.ts';
import { packageFolder } from '../../runtime/package-folder.ts';
import type { Measured } from './worker.ts';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    messages: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
  },
});
const count = Number(values.messages);
const rounds = Number(values.rounds);
const wanted = CASES.filter((kind) => values.case === undefined || values.case.includes(kind));

await using nats = await startNats();
await using mosquitto = await startMosquitto();
const environment = { ...process.env, NATS_URL: nats.url, MQTT_URL: mosquitto.url };
const workerFile = await bundleWorker();
let runs = 0;

for (const kind of wanted) {
  const results: Record<'hand' | 'sluice', Measured[]> = { hand: [], sluice: [] };
  for (let round = 0; round < rounds; round += 1) {
    // Alternating, and each in a process of its own: what else the machine does meets both.
    for (const maker of round % 2 === 0 ? (['hand', 'sluice'] as const) : (['sluice', 'hand'] as const)) {
      results[maker].push(await once(kind, maker));
    }
  }
  report(kind, results);
}

async function once(kind: Case, maker: 'hand' | 'sluice'): Promise<Measured> {
  runs += 1;
  const name = `bench${runs}`;
  if (kind !== 'memory-memory') await fillStream(nats.url, kind === 'jetstream-jetstream' ? count : 0);
  if (kind === 'mqtt-jetstream') {
    // The session must exist before it can be filled.
    await ended(start(kind, maker, name, 'prepare'));
    await fillMqtt(mosquitto.url, count);
  }
  const running = start(kind, maker, name, 'run');
  let measured: Measured | undefined;
  running.on('message', (message: 'started' | Measured) => {
    if (message !== 'started') measured = message;
    else if (kind === 'core-core') void pourCore(nats.url, name, count);
  });
  await ended(running);
  if (measured === undefined) throw new Error(`${kind} ${maker}: the run ended without a result`);
  return measured;
}

function start(kind: Case, maker: 'hand' | 'sluice', name: string, phase: string): ChildProcess {
  const where = { mqttUrl: mosquitto.url, natsUrl: nats.url, name };
  const env =
    maker === 'hand'
      ? environment
      : { ...environment, PIPELINE_DOCUMENT: JSON.stringify(pipelineDocument(kind, where)) };
  return fork(workerFile, [kind, maker, name, String(count), phase], { env });
}

/** Both makers run as bundles do, in one file: what compiles TypeScript is no part of the measurement. */
async function bundleWorker(): Promise<string> {
  const outfile = join(packageFolder(), 'dist', 'bench', 'worker.mjs');
  const entryPoints = [join(import.meta.dirname, 'worker.ts')];
  await build({ ...NODE_BUNDLE, entryPoints, outfile, external: ['esbuild'], logLevel: 'warning' });
  return outfile;
}

function ended(worker: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the worker ended with ${code}`))));
  });
}

function report(kind: Case, results: Record<'hand' | 'sluice', readonly Measured[]>): void {
  const middle = (maker: 'hand' | 'sluice', what: keyof Measured): number => {
    const sorted = results[maker].map((one) => one[what]).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const line = (what: keyof Measured, unit: string, digits: number): string => {
    const [hand, sluice] = [middle('hand', what), middle('sluice', what)];
    const all = (maker: 'hand' | 'sluice'): string => results[maker].map((one) => one[what].toFixed(digits)).join(' ');
    return `  ${unit.padEnd(18)} hand-written ${hand.toFixed(digits).padStart(8)}   sluice ${sluice.toFixed(digits).padStart(8)}   ratio ${(sluice / hand).toFixed(2)}   added ${(sluice - hand).toFixed(digits)}   (${all('hand')} | ${all('sluice')})`;
  };
  process.stdout.write(
    `${kind}, ${count} messages, ${rounds} rounds, medians\n${line('messagesPerSecond', 'messages/s', 0)}\n${line('cpuUsPerMessage', 'us CPU/message', 2)}\n${line('rssMb', 'MB RSS', 0)}\n`,
  );
}
