import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '#kit/deadline.ts';
import { processStart } from './process-start.ts';
import { isRunning, type StartedProcess, type StartedServer } from './infra-state.ts';
import type { InfraCommand, InfraPlace, InfraServer } from './infra-server.ts';

const READY_MS = 60_000;
const LOOK_MS = 50;
const END_MS = 10_000;
const LAST_LINES = 12;

/** Where what a server says goes. */
export function logOf(folder: string): string {
  return join(folder, 'server.log');
}

/** The last lines of it. */
function logTail(folder: string): string {
  return readFileSync(logOf(folder), 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in a terminal is this process's alone, and waits until it can be used. It
 * outlives this process. Rejects with the end of its log where it ends before.
 */
export async function startServer(name: string, server: InfraServer, place: InfraPlace): Promise<StartedServer> {
  const command = await server.command(place);
  const companion = server.companion?.(place);
  const others = companion === undefined ? [] : [begin(companion, place.folder)];
  const own = begin(command, place.folder);
  const started = { name, processes: [own, ...others], ports: place.ports, folder: place.folder };
  const untilMs = performance.now() + READY_MS;
  while (!(await server.probe(place.ports))) {
    const isLate = performance.now() > untilMs;
    if (isLate || !isRunning(own)) {
      await endServer(started);
      const why = isLate ? `is not ready after ${READY_MS / 1000} s` : 'has ended at once';
      throw new Error(`${name} ${why}:\n${logTail(place.folder)}`);
    }
    await pause(LOOK_MS);
  }
  return started;
}

function begin({ binary, args, env }: InfraCommand, folder: string): StartedProcess {
  const log = openSync(logOf(folder), 'a');
  const child = spawn(binary, args, { detached: true, stdio: ['ignore', log, log], env: env ?? process.env });
  closeSync(log);
  // Without a process the next look finds none.
  child.once('error', () => {});
  child.unref();
  const { pid = -1 } = child;
  return { pid, start: processStart(pid) ?? '' };
}

/** Ends its processes in an orderly way, and after 10 s in any. Another process that has a number of one by now is left alone. */
export async function endServer({ processes }: Pick<StartedServer, 'processes'>): Promise<void> {
  for (const one of processes) {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const untilMs = performance.now() + END_MS;
      if (!isRunning(one)) break;
      signalGroup(one.pid, signal);
      while (isRunning(one) && performance.now() < untilMs) await pause(LOOK_MS);
    }
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already: what was wanted.
  }
}
