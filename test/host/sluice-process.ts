import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { waitFor } from '../harness/wait-for.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');
export const MAIN = resolve(REPOSITORY, 'runtime/cli/main.ts');
const END_MS = 30_000;

/** One line of a log that goes to a pipe. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A process of the command line, or of a bundle. Killed with its handle. */
export interface SluiceProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  lines(): readonly LogLine[];
  /** Waits for a line of this event, the first or a later one. */
  said(event: string, count?: number, deadlineMs?: number): Promise<LogLine>;
  /** Waits for what its output shows. Fails with the output. */
  until(condition: () => boolean, what: string, deadlineMs?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Waits until it has ended: its exit code, or the signal that ended it. */
  ended(deadlineMs?: number): Promise<number | NodeJS.Signals>;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Beside PATH, or instead of what is inherited. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `node FILE ...args`. What the process inherits of the environment is PATH alone. */
export function startNode(args: readonly string[], options: ProcessOptions = {}): SluiceProcess {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? REPOSITORY,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  let exit: number | NodeJS.Signals | undefined;
  child.once('close', (code, signal) => (exit = code ?? signal ?? -1));
  const lines = (): LogLine[] =>
    stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  const explained = (cause: unknown): never => {
    throw new Error(`the process said:\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`, { cause });
  };
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    lines,
    async said(event, count = 1, deadlineMs = 15_000) {
      const line = await waitFor(
        () => lines().filter((one) => one.event === event)[count - 1] ?? (exit === undefined ? undefined : 'gone'),
        deadlineMs,
        `line ${count} of ${event}`,
      ).catch(explained);
      return line === 'gone' ? explained(`it ended with ${exit} and has not said ${event}`) : line;
    },
    async until(condition, what, deadlineMs = 30_000) {
      await waitFor(condition, deadlineMs, what).catch(explained);
    },
    signal: (signal) => void child.kill(signal),
    ended: (deadlineMs = END_MS) => waitFor(() => exit, deadlineMs, 'the end of the process').catch(explained),
    async [Symbol.asyncDispose]() {
      if (exit === undefined) child.kill('SIGKILL');
      await waitFor(() => exit, END_MS, 'the end of a killed process');
    },
  };
}

/** `sluice ...args`, from the sources. */
export function startSluice(args: readonly string[], options: ProcessOptions = {}): SluiceProcess {
  // Compiling the same sources again is half of a start.
  const cache = process.env['NODE_COMPILE_CACHE'];
  const env = { ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }), ...options.env };
  return startNode([MAIN, ...args], { ...options, env });
}
