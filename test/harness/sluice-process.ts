import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { outputFault } from './output-schema.ts';
import { REPOSITORY } from './repository.ts';
import { whenTestEnds } from './test-scope.ts';
import { waitFor } from './wait-for.ts';

export { REPOSITORY };
export const MAIN = resolve(REPOSITORY, 'runtime/cli/main.ts');
const END_MS = 30_000;

/** One line of a log that goes to a pipe. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A process of the command line, or of a bundle. Killed with its handle, and at the end of the server test that started it. */
export interface SluiceProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** How it ended, in words: `exit code 0`, `SIGKILL`. Undefined while it runs. */
  readonly exit: string | undefined;
  stdout(): string;
  stderr(): string;
  lines(): readonly LogLine[];
  /** The end of its output, for errors. */
  tail(): string;
  /** Waits for a line of this event, or one that the predicate takes: the first or a later one. */
  said(event: string | ((line: LogLine) => boolean), count?: number, deadlineMs?: number): Promise<LogLine>;
  /** Waits for what its output shows. Fails with the output. */
  until(condition: () => boolean, what: string, deadlineMs?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Waits until it has ended: its exit code, or the signal that ended it. */
  ended(deadlineMs?: number): Promise<number | NodeJS.Signals>;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Beside PATH, or instead of what is inherited. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
}

const running = new Set<ChildProcess>();

// A bridge that a failed test left must not outlive the test's process.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `node FILE ...args`. What the process inherits of the environment is PATH alone. */
export function startNode(args: readonly string[], options: ProcessOptions = {}): SluiceProcess {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? REPOSITORY,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  whenTestEnds(() => {
    if (running.has(child)) child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  let exit: number | NodeJS.Signals | undefined;
  child.once('close', (code, signal) => {
    running.delete(child);
    exit = code ?? signal ?? -1;
  });
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
    pid: child.pid ?? -1,
    get exit() {
      return typeof exit === 'number' ? `exit code ${exit}` : exit;
    },
    tail: () => `${stdout}${stderr}`.split('\n').slice(-12).join('\n'),
    stdout: () => stdout,
    stderr: () => stderr,
    lines,
    async said(wanted, count = 1, deadlineMs = 15_000) {
      const takes = typeof wanted === 'string' ? ({ event }: LogLine): boolean => event === wanted : wanted;
      const what = typeof wanted === 'string' ? wanted : 'the wanted event';
      const line = await waitFor(
        () => lines().filter(takes)[count - 1] ?? (exit === undefined ? undefined : 'gone'),
        deadlineMs,
        `line ${count} of ${what}`,
      ).catch(explained);
      return line === 'gone' ? explained(`it ended with ${exit} and has not said ${what}`) : line;
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

/** `sluice ...args`, from the sources. What it prints with `--json` must be as the published schema says. */
export function startSluice(args: readonly string[], options: ProcessOptions = {}): SluiceProcess {
  // Compiling the same sources again is half of a start.
  const cache = process.env['NODE_COMPILE_CACHE'];
  const env = { ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }), ...options.env };
  const started = startNode([MAIN, ...args], { ...options, env });
  return args.includes('--json') ? judged(started, args[0] ?? '') : started;
}

function judged(started: SluiceProcess, word: string): SluiceProcess {
  return Object.create(started, {
    ended: {
      async value(deadlineMs?: number) {
        const code = await started.ended(deadlineMs);
        const fault = typeof code === 'number' ? outputFault(word, started.stdout()) : undefined;
        if (fault !== undefined) throw new Error(`sluice ${word} --json: ${fault}`);
        return code;
      },
    },
  }) as SluiceProcess;
}
