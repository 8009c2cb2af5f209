import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { NODE_BUNDLE } from '../../runtime/project/functions/bundle-functions.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { busNamed } from '../brokers/all.ts';
import type { Outgoing, OwnEndpoint } from '../brokers/test-bus.ts';
import type { Case } from './bridge.ts';
import { casesNamed } from './cases.ts';
import { pipelineDocument } from './pipeline-document.ts';
import { pourCore } from './pour-core.ts';
import { reportText } from './report-text.ts';
import { type Servers, startServers } from './servers.ts';
import { KEYS, report } from './work.ts';
import type { Measured, Task } from './worker.ts';

/** Tag of a source that keeps what a bridge has read: it is filled once. */
const KEPT = 'kept';

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

for (const kind of casesNamed(values.case)) {
  try {
    await compare(kind);
  } catch (error) {
    process.stderr.write(`${kind.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function compare(kind: Case): Promise<void> {
  const results: Record<Task['maker'], Measured[]> = { hand: [], sluice: [] };
  await using servers = await startServers(kind, count + 1000);
  const isKept = kind.ends !== undefined && busNamed(kind.ends.from).keepsRead;
  if (isKept) await fill(servers.source, KEPT);
  for (let round = 0; round < rounds; round += 1) {
    // Alternating, and each in a process of its own: what else the machine does meets both.
    for (const maker of round % 2 === 0 ? makers : makers.toReversed()) {
      results[maker].push(await once(kind, maker, servers, isKept));
    }
  }
  process.stdout.write(reportText(`${kind.name}, ${count} messages, ${rounds} rounds, medians`, results));
}

async function once(kind: Case, maker: Task['maker'], servers: Servers, isKept: boolean): Promise<Measured> {
  runs += 1;
  const name = `bench${runs}`;
  const { source, sink } = servers;
  const tag = isKept ? KEPT : name;
  const where = { source: source?.server.url ?? '', sink: sink?.server.url ?? '' };
  const document = maker === 'hand' ? undefined : pipelineDocument(servers, { name, tag, window });
  const task = { kind, maker, name, tag, count, where, window, document };
  await sink?.prepare('sink', [name]);
  if (kind.ends !== undefined && !isKept) {
    // The reader's session must exist before it can be filled.
    if (busNamed(kind.ends.from).needsReader) await ended(start({ ...task, phase: 'prepare' }));
    await fill(source, tag);
  }
  const running = start({ ...task, phase: 'run' });
  let measured: Measured | undefined;
  running.on('message', (message: 'started' | Measured) => {
    if (message !== 'started') measured = message;
    else if (kind.name === 'core-core') void pourCore(where.source, name, count);
  });
  await ended(running);
  if (measured === undefined) throw new Error(`${kind.name} ${maker}: the run ended without a result`);
  const held = kind.ends === undefined ? undefined : await sink?.count(name);
  if (held !== undefined && held < count) throw new Error(`${kind.name} ${maker}: ${held} of ${count} arrived`);
  await sink?.remove('sink', name);
  return measured;
}

async function fill(source: OwnEndpoint | undefined, tag: string): Promise<void> {
  const startMs = performance.now();
  await source?.prepare('source', [tag]);
  await source?.publish(tag, reports());
  const seconds = (performance.now() - startMs) / 1000;
  process.stderr.write(`filled the source with ${count} messages in ${seconds.toFixed(1)} s\n`);
}

function* reports(): Generator<Outgoing> {
  for (let number = 0; number < count; number += 1) {
    yield { key: String(number % KEYS), body: report(number) };
  }
}

function start(task: Task): ChildProcess {
  return fork(workerFile, { ...(task.phase === "run" && { execPath: "/tmp/w/strace-node.sh" }),
    // The clients' own: url.parse, and timers that begin in the past.
    execArgv: ['--disable-warning=DEP0169', '--disable-warning=TimeoutNegativeWarning', ...profiling(task)],
    env: { ...process.env, BENCH_TASK: JSON.stringify(task) },
  });
}

function profiling({ kind, maker, name, phase }: Task): string[] {
  if (values.profile === undefined || phase === 'prepare') return [];
  return ['--cpu-prof', `--cpu-prof-dir=${values.profile}`, `--cpu-prof-name=${kind.name}-${maker}-${name}.cpuprofile`];
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
