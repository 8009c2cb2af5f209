import { basename, join } from 'node:path';
import { patient } from './patience.ts';
import { MAIN, type SluiceProcess, startNode } from './sluice-process.ts';
import { waitFor } from './wait-for.ts';

const READY_MS = 30_000;
const ASK_MS = 5000;

/** `sluice run` at work, with its admin door open. */
export interface Bridge extends SluiceProcess {
  /** Waits until every route is connected. */
  ready(): Promise<void>;
  /** What its admin door answers. */
  ask(path: '/livez' | '/readyz' | '/metrics'): Promise<{ readonly status: number; readonly text: string }>;
  /** A metric of the one route there is, summed over its other labels. */
  metric(name: string): Promise<number>;
  /** kill -9. Resolves once it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; returns how it ended, in words: `exit code 0`. */
  terminate(deadlineMs: number): Promise<string>;
}

/** Where a pipeline of that name keeps what must outlive it. */
export function stateFolder(projectFolder: string, name: string): string {
  return join(projectFolder, `state-${name}`);
}

/** `sluice run FILE`, with its state folder beside the project's files. It inherits the environment. */
export function startBridge(
  projectFolder: string,
  file: string,
  options: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Bridge {
  const state = ['--state', stateFolder(projectFolder, basename(file, '.yaml'))];
  const bridge = startNode([MAIN, 'run', file, ...state, '--admin', '127.0.0.1:0', ...options], {
    env: { ...process.env, ...environment },
  });
  const ask: Bridge['ask'] = async (path) => {
    const { url } = await bridge.said('admin', 1, READY_MS);
    const answer = await fetch(`${String(url)}${path}`, { signal: AbortSignal.timeout(patient(ASK_MS)) });
    return { status: answer.status, text: await answer.text() };
  };
  return Object.assign(Object.create(bridge, {}) as SluiceProcess, {
    ask,
    async ready() {
      await bridge.said('ready', 1, READY_MS);
    },
    async metric(wanted: string) {
      const { text: metrics } = await ask('/metrics');
      const samples = [...metrics.matchAll(new RegExp(`^${wanted}\\{[^}]*\\} (\\d+)$`, 'gm'))];
      return samples.length === 0 ? Number.NaN : samples.reduce((sum, [, value]) => sum + Number(value), 0);
    },
    async kill() {
      await bridge[Symbol.asyncDispose]();
    },
    async terminate(deadlineMs: number) {
      bridge.signal('SIGTERM');
      return waitFor(() => bridge.exit, deadlineMs, 'the bridge to end after SIGTERM').catch((cause: unknown) => {
        throw new Error(`the bridge does not end:\n${bridge.tail()}`, { cause });
      });
    },
  });
}
