import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { patient } from '../harness/patience.ts';
import type { ServerKind } from '../harness/shared-servers.ts';
import type { FileEvent } from './file-event.ts';
import { PROJECT, type TestFile } from './tiers.ts';

/** One test of a file and how it ended. */
export interface TestResult {
  readonly file: string;
  /** Its name behind those of the suites and tests around it. */
  readonly name: string;
  readonly ms: number;
  readonly skipped: string | undefined;
  readonly failure: string | undefined;
}

/** One file that has run. */
export interface FileResult {
  readonly file: TestFile;
  readonly seconds: number;
  readonly tests: readonly TestResult[];
  /** What is wrong beside its tests: it ended badly, not at all, or printed something though it passed. */
  readonly complaint: string | undefined;
  /** What its tests noted, and what it printed. */
  readonly output: string;
}

/** A file that runs, in a process group of its own. */
export interface FileRun {
  readonly file: TestFile;
  readonly startedMs: number;
  /** Those that have ended so far. */
  readonly tests: readonly TestResult[];
  readonly ended: Promise<FileResult>;
  signal(signal: NodeJS.Signals): void;
}

const REPORTER = join(import.meta.dirname, 'event-reporter.ts');
/** A file that takes longer does not end by itself. */
const LONGEST_MS = { fast: 180_000, slow: 180_000, server: 300_000, long: 400_000 } as const;
const GRACE_MS = 3000;
const SEPARATOR = ' > ';

export interface FileRunOptions {
  readonly env: NodeJS.ProcessEnv;
  /** A regular expression over the names of tests. */
  readonly only: string | undefined;
  /** The file waits for the run's server of that kind. */
  readonly wants: (server: ServerKind) => void;
}

/** Runs one file of tests. */
export function runFile(file: TestFile, { env, only, wants }: FileRunOptions): FileRun {
  const startedMs = performance.now();
  const names = new Map<number, string>();
  const tests: TestResult[] = [];
  const notes: string[] = [];
  let printed = '';
  let late = false;
  const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`];
  const child = spawn(process.execPath, [`--test-reporter=${REPORTER}`, ...pattern, resolve(PROJECT, file.path)], {
    cwd: PROJECT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is gone.
    }
  };
  const timer = setTimeout(() => {
    late = true;
    signal('SIGTERM');
    setTimeout(() => signal('SIGKILL'), GRACE_MS).unref();
  }, patient(LONGEST_MS[file.kind]));
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  child.on('message', (message) => {
    const event = message as FileEvent;
    if (event.kind === 'noted') notes.push(event.text);
    else if (event.kind === 'wants') wants(event.server);
    else if (event.kind === 'begins') {
      const around = names.get(event.parent);
      names.set(event.id, around === undefined ? event.name : around + SEPARATOR + event.name);
    } else {
      const { ms, skipped, failure } = event;
      tests.push({ file: file.path, name: names.get(event.id) ?? '', ms, skipped, failure });
    }
  });
  const ended = new Promise<FileResult>((done) => {
    let spawnError: string | undefined;
    child.once('error', (error) => {
      spawnError = error.message;
      done(result());
    });
    child.once('close', () => {
      clearTimeout(timer);
      // What is left of its group ends with it.
      signal('SIGKILL');
      done(result());
    });
    const result = (): FileResult => ({
      file,
      seconds: (performance.now() - startedMs) / 1000,
      tests,
      complaint: spawnError ?? complaintOf(),
      output: [...notes, printed.trimEnd()].filter((text) => text !== '').join('\n'),
    });
  });
  const complaintOf = (): string | undefined => {
    if (late) return `it did not end within ${patient(LONGEST_MS[file.kind]) / 1000} s`;
    const hasFailed = tests.some(({ failure }) => failure !== undefined);
    if (child.exitCode !== 0 && !hasFailed) return `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`;
    if (hasFailed) return undefined;
    if (tests.length === 0 && only === undefined) return 'it has no test';
    return printed.trim() === '' ? undefined : 'it passed and printed something';
  };
  return { file, startedMs, tests, ended, signal };
}
