import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { patient } from '../harness/patience.ts';
import { type ServerProcess, startServer } from '../harness/server-process.ts';
import { waitFor } from '../harness/wait-for.ts';

const MAIN = resolve(import.meta.dirname, '../../runtime/cli/main.ts');
const READY_MS = 30_000;
const ASK_MS = 5000;

/** One line of the bridge's log. */
export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The real command line at work: one process. */
export interface Bridge {
  readonly process: ServerProcess;
  lines(): readonly LogLine[];
  /** Waits for a line that `wanted` takes. */
  said(wanted: (line: LogLine) => boolean, deadlineMs: number, what: string): Promise<LogLine>;
  /** Waits until every route is connected. */
  ready(): Promise<void>;
  /** What its admin door answers. */
  ask(path: '/livez' | '/readyz' | '/metrics'): Promise<{ readonly status: number; readonly text: string }>;
  /** A metric of the one route there is, summed over its other labels. */
  metric(name: string): Promise<number>;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM; returns how it ended, in words: `exit code 0`. */
  terminate(deadlineMs: number): Promise<string>;
  /** All that it has written. */
  text(): string;
  /** The end of its log, for errors. */
  tail(): string;
}

/** Where a pipeline of that name keeps what must outlive it. */
export function stateFolder(projectFolder: string, name: string): string {
  return join(projectFolder, `state-${name}`);
}

let started = 0;

/** `sluice run FILE`, with its state folder and its log beside the project's files. */
export function startBridge(
  projectFolder: string,
  file: string,
  options: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Bridge {
  started += 1;
  const name = basename(file, '.yaml');
  const logFile = join(projectFolder, `${name}-${started}.log`);
  const state = stateFolder(projectFolder, name);
  const admin = ['--admin', '127.0.0.1:0'];
  const bridge = startServer({
    binary: process.execPath,
    args: [MAIN, 'run', file, '--state', state, ...admin, ...options],
    logFile,
    env: { ...process.env, ...environment },
  });
  const text = (): string => readFileSync(logFile, 'utf8');
  const tail = (): string => text().split('\n').slice(-12).join('\n');
  const lines = (): LogLine[] =>
    text()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  const said = async (wanted: (line: LogLine) => boolean, deadlineMs: number, what: string): Promise<LogLine> => {
    const found = await waitFor(
      () => lines().find(wanted) ?? (bridge.exit !== undefined && 'gone'),
      deadlineMs,
      `the bridge to say ${what}`,
    ).catch((cause: unknown) => {
      throw new Error(`the bridge has not said ${what}:\n${tail()}`, { cause });
    });
    if (found === 'gone') throw new Error(`the bridge ended (${bridge.exit}) and has not said ${what}:\n${tail()}`);
    return found;
  };
  const ask: Bridge['ask'] = async (path) => {
    const { url } = await said(({ event }) => event === 'admin', READY_MS, 'where its probes are');
    const answer = await fetch(`${String(url)}${path}`, { signal: AbortSignal.timeout(patient(ASK_MS)) });
    return { status: answer.status, text: await answer.text() };
  };
  return {
    process: bridge,
    lines,
    said,
    async ready() {
      await said(({ event }) => event === 'ready', READY_MS, 'ready');
    },
    ask,
    async metric(wanted) {
      const { text: metrics } = await ask('/metrics');
      const samples = [...metrics.matchAll(new RegExp(`^${wanted}\\{[^}]*\\} (\\d+)$`, 'gm'))];
      return samples.length === 0 ? Number.NaN : samples.reduce((sum, [, value]) => sum + Number(value), 0);
    },
    kill: () => bridge.end('SIGKILL'),
    async terminate(deadlineMs) {
      bridge.signal('SIGTERM');
      return waitFor(() => bridge.exit, deadlineMs, 'the bridge to end after SIGTERM').catch((cause: unknown) => {
        throw new Error(`the bridge does not end:\n${tail()}`, { cause });
      });
    },
    text,
    tail,
  };
}
