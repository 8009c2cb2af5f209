import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { NODE_BUNDLE } from '../../runtime/project/functions/bundle-functions.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { type BusName, type Case, CASES, endsOf, USUAL_CASES, type Where } from './bridge.ts';
import { pourCore } from './load/core.ts';
import { jetstreamLoad } from './load/jetstream.ts';
import { kafkaLoad } from './load/kafka.ts';
import type { Load } from './load/load.ts';
import { mqttLoad } from './load/mqtt.ts';
import { rabbitmqLoad } from './load/rabbitmq.ts';
import { pipelineDocument } from './pipeline-document.ts';
import { reportText } from './report-text.ts';
import { startServers } from './servers.ts';
import type { Measured, Task } from './worker.ts';

const LOADS: Readonly<Record<BusName, Load>> = {
  mqtt: mqttLoad,
  jetstream: jetstreamLoad,
  kafka: kafkaLoad,
  rabbitmq: rabbitmqLoad,
};

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    messages: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    /** Messages in flight, for both makers. Without it Sluice has its default, and the other what suits its sink. */
    window: { type: 'string' },
    /** A folder: each worker writes a profile of its processor time there. */
    profile: { type: 'string' },
    maker: { type: 'string', multiple: true, default: ['hand', 'sluice'] },
  },
});
const count = Number(values.messages);
const rounds = Number(values.rounds);
const window = values.window === undefined ? undefined : Number(values.window);
const makers = (['hand', 'sluice'] as const).filter((maker) => values.maker.includes(maker));
const workerFile = await bundleWorker();
let runs = 0;

for (const kind of wantedCases()) {
  try {
    await compare(kind);
  } catch (error) {
    process.stderr.write(`${kind}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function compare(kind: Case): Promise<void> {
  const results: Record<Task['maker'], Measured[]> = { hand: [], sluice: [] };
  await using servers = await startServers(kind, count + 1000);
  const ends = endsOf(kind);
  if (ends !== undefined && !LOADS[ends.from].isConsumed) await fill(ends.from, servers.where, '');
  for (let round = 0; round < rounds; round += 1) {
    // Alternating, and each in a process of its own: what else the machine does meets both.
    for (const maker of round % 2 === 0 ? makers : makers.toReversed()) {
      results[maker].push(await once(kind, maker, servers.where));
    }
  }
  process.stdout.write(reportText(`${kind}, ${count} messages, ${rounds} rounds, medians`, results));
}

function wantedCases(): readonly Case[] {
  const named = values.case;
  if (named === undefined) return USUAL_CASES;
  const unknown = named.filter((name) => name !== 'all' && !CASES.some((kind) => kind === name));
  if (unknown.length > 0) throw new Error(`no case ${unknown.join(', ')}; there are all, ${CASES.join(', ')}`);
  return named.includes('all') ? CASES : CASES.filter((kind) => named.includes(kind));
}

async function once(kind: Case, maker: Task['maker'], where: Where): Promise<Measured> {
  runs += 1;
  const name = `bench${runs}`;
  const ends = endsOf(kind);
  const task = {
    kind,
    maker,
    name,
    count,
    where,
    window,
    document: maker === 'hand' ? undefined : pipelineDocument(kind, { where, name, window }),
  };
  if (ends !== undefined) await LOADS[ends.to].makeTarget(where, name);
  if (ends !== undefined && LOADS[ends.from].isConsumed) {
    // A session must exist before it can be filled.
    if (ends.from === 'mqtt') await ended(start({ ...task, phase: 'prepare' }));
    await fill(ends.from, where, name);
  }
  const running = start({ ...task, phase: 'run' });
  let measured: Measured | undefined;
  running.on('message', (message: 'started' | Measured) => {
    if (message !== 'started') measured = message;
    else if (kind === 'core-core') void pourCore(where.nats, name, count);
  });
  await ended(running);
  if (measured === undefined) throw new Error(`${kind} ${maker}: the run ended without a result`);
  const held = ends === undefined ? undefined : await LOADS[ends.to].held(where, name);
  if (held !== undefined && held < count) throw new Error(`${kind} ${maker}: ${held} of ${count} arrived`);
  return measured;
}

async function fill(bus: BusName, where: Where, name: string): Promise<void> {
  const startMs = performance.now();
  await LOADS[bus].fill(where, count, name);
  const seconds = (performance.now() - startMs) / 1000;
  process.stderr.write(`filled ${bus} with ${count} messages in ${seconds.toFixed(1)} s\n`);
}

function start(task: Task): ChildProcess {
  return fork(workerFile, {
    // The clients' own: url.parse, and timers that begin in the past.
    execArgv: ['--disable-warning=DEP0169', '--disable-warning=TimeoutNegativeWarning', ...profiling(task)],
    env: { ...process.env, BENCH_TASK: JSON.stringify(task) },
  });
}

function profiling({ kind, maker, name, phase }: Task): string[] {
  if (values.profile === undefined || phase === 'prepare') return [];
  return ['--cpu-prof', `--cpu-prof-dir=${values.profile}`, `--cpu-prof-name=${kind}-${maker}-${name}.cpuprofile`];
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
