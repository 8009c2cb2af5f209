import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { NODE_BUNDLE } from '../../runtime/project/functions/bundle-functions.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { OPTIONS } from './options.ts';
import type { Task } from './worker.ts';

/** The clients' own: url.parse, and timers that begin in the past. */
export const QUIET_CLIENTS = ['--disable-warning=DEP0169', '--disable-warning=TimeoutNegativeWarning'];

const workerFile = await bundleWorker();

/** `variables`: added to the environment. */
export function startWorker(task: Task, variables: NodeJS.ProcessEnv = {}): ChildProcess {
  return fork(workerFile, {
    execArgv: [...QUIET_CLIENTS, ...profiling(task)],
    env: { ...process.env, ...variables, BENCH_TASK: JSON.stringify(task) },
  });
}

function profiling({ kind, maker, name, phase }: Task): string[] {
  const { profile } = OPTIONS;
  if (profile === undefined || phase === 'prepare') return [];
  return ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${kind.name}-${maker}-${name}.cpuprofile`];
}

/** Both makers run as bundles do, in one file: what compiles TypeScript is no part of the measurement. */
async function bundleWorker(): Promise<string> {
  const outfile = join(packageFolder(), 'dist', 'bench', 'worker.mjs');
  const entryPoints = [join(import.meta.dirname, 'worker.ts')];
  await build({ ...NODE_BUNDLE, entryPoints, outfile, external: ['esbuild'], logLevel: 'warning' });
  return outfile;
}

/** Resolves once it ended by itself, rejects when it failed. */
export function ended(worker: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the worker ended with ${code}`))));
  });
}
