import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { reapWith } from './reaper.ts';
import { waitFor } from './wait-for.ts';

/** Process groups that this process started and that still run. Only these are ever signalled. */
const running = new Set<number>();

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already: what was wanted.
  }
}

function killAll(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

process.on('exit', killAll);

let watching = false;

/** A signal ends the servers and then the process, unless somebody else sees to that. */
function watchSignals(): void {
  if (watching) return;
  watching = true;
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    if (process.listenerCount(signal) > 0) continue;
    process.once(signal, () => {
      killAll();
      process.exit(code);
    });
  }
}

/** What to run. The log is appended to, so that it spans restarts; its folder is the server's own. */
export interface Command {
  readonly binary: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A started server: its own process group, its output in a file. */
export interface ServerProcess {
  readonly pid: number;
  /** Undefined while it runs. */
  readonly exit: string | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Waits until `probe` holds; fails at once, with the end of the log, when the process ends before. */
  ready(probe: () => Promise<boolean>): Promise<void>;
  /** Sends the signal to the group and waits until the process is gone; SIGKILL after 10 s. Idempotent. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const READY_MS = 60_000;
const END_MS = 10_000;

/** The last lines of a log, for an error. */
export function logTail(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}

export function startServer(command: Command): ServerProcess {
  watchSignals();
  const log = openSync(command.logFile, 'a');
  const child: ChildProcess = spawn(command.binary, command.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: command.env ?? process.env,
  });
  closeSync(log);
  const pid = child.pid;
  let exit: string | undefined;
  if (pid !== undefined) running.add(pid);
  const release = pid === undefined ? undefined : reapWith(pid, dirname(command.logFile));
  child.once('error', (error) => (exit ??= error.message));
  child.once('exit', (code, signal) => {
    if (pid !== undefined) running.delete(pid);
    release?.();
    exit ??= signal ?? `exit code ${code}`;
  });
  // A forgotten server must not keep its test file from ending; the exit handler above takes it along.
  child.unref();
  const gone = (): boolean => exit !== undefined;
  return {
    pid: pid ?? -1,
    get exit() {
      return exit;
    },
    signal(signal) {
      if (pid !== undefined && !gone()) signalGroup(pid, signal);
    },
    async ready(probe) {
      const up = await waitFor(
        async () => (gone() ? 'gone' : (await probe()) && 'up'),
        READY_MS,
        `${command.binary} to answer its probe`,
      ).catch((cause: unknown) => {
        throw new Error(`${command.binary} is not ready:\n${logTail(command.logFile)}`, { cause });
      });
      if (up === 'gone') throw new Error(`${command.binary} ended (${exit}):\n${logTail(command.logFile)}`);
    },
    async end(signal) {
      if (pid === undefined || gone()) return;
      signalGroup(pid, signal);
      // A stopped process hears SIGTERM only once it goes on.
      signalGroup(pid, 'SIGCONT');
      await waitFor(gone, END_MS, `${command.binary} to end`).catch(() => signalGroup(pid, 'SIGKILL'));
      await waitFor(gone, END_MS, `${command.binary} to end after SIGKILL`);
    },
  };
}
