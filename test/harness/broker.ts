import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { RUN_VARIABLE } from './run-variable.ts';
import { type Command, type ServerProcess, startServer } from './server-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A server that a test started or was given. */
export interface Broker extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** False for a server named by an environment variable: it cannot be killed, paused or configured. */
  readonly ours: boolean;
  /** kill -9. Data and ports stay for `restart`. */
  kill(): Promise<void>;
  /** The orderly way out. Data and ports stay for `restart`. */
  stop(): Promise<void>;
  /** Runs again on the same data and ports; a server that still runs is stopped first. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  signal(signal: NodeJS.Signals): void;
  /** Everything it logged so far, over all restarts. */
  log(): string;
}

type Started = Omit<Command, 'logFile'>;

/** How one kind of server is run in `folder` on `ports`. */
export interface Recipe {
  readonly name: string;
  readonly scheme: string;
  readonly portCount: number;
  /** Chosen already, because others must know them; otherwise some that are free. */
  readonly ports?: readonly number[];
  /** Called at every start. */
  prepare(folder: string, ports: readonly number[]): Started | Promise<Started>;
  probe(ports: readonly number[]): Promise<boolean>;
  /** Another process that must run before the server: it outlives the server's kills, and ends with the handle. */
  companion?(
    folder: string,
    ports: readonly number[],
  ): { readonly command: Started; readonly probe: () => Promise<boolean> };
}

/** Where a run counts the servers that were started: a line for each. */
export const STARTS_FILE = 'starts.txt';

function count(what: string): void {
  const run = process.env[RUN_VARIABLE];
  if (run !== undefined) appendFileSync(join(run, STARTS_FILE), `${what}\n`);
}

async function launch(command: Command, probe: () => Promise<boolean>): Promise<ServerProcess> {
  const started = startServer(command);
  await started.ready(probe).catch(async (error: unknown) => {
    await started.end('SIGKILL');
    throw error;
  });
  return started;
}

/** Starts a server of our own. Its first port is the one that clients use. */
export async function startBroker(recipe: Recipe): Promise<Broker> {
  const folder = temporaryFolder(recipe.name);
  const logFile = join(folder.path, 'server.log');
  let ports: number[] = [];
  let companion: ServerProcess | undefined;
  const start = async (): Promise<ServerProcess> =>
    launch({ ...(await recipe.prepare(folder.path, ports)), logFile }, () => recipe.probe(ports));
  const startFirst = async (): Promise<ServerProcess> => {
    ports = [...(recipe.ports ?? (await freePorts(recipe.portCount)))];
    await companion?.end('SIGKILL');
    count(recipe.name);
    const other = recipe.companion?.(folder.path, ports);
    if (other !== undefined) companion = await launch({ ...other.command, logFile }, other.probe);
    return start();
  };
  let current = await startFirst()
    .catch((error: unknown) => {
      // Another process may have taken a port between its choice and the start: once more on others.
      if (!existsSync(logFile) || !/address already in use|eaddrinuse/i.test(readFileSync(logFile, 'utf8')))
        throw error;
      return startFirst();
    })
    .catch(async (error: unknown) => {
      await companion?.end('SIGKILL');
      folder[Symbol.dispose]();
      throw error;
    });
  const port = ports[0] ?? 0;
  return {
    url: `${recipe.scheme}://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    ours: true,
    kill: () => current.end('SIGKILL'),
    stop: () => current.end('SIGTERM'),
    async restart() {
      await current.end('SIGTERM');
      count(`${recipe.name} again`);
      current = await start();
    },
    pause: () => current.signal('SIGSTOP'),
    resume: () => current.signal('SIGCONT'),
    signal: (signal) => current.signal(signal),
    log: () => readFileSync(logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      await Promise.all([current.end('SIGKILL'), companion?.end('SIGKILL')]);
      folder[Symbol.dispose]();
    },
  };
}

/** A server that somebody else runs, from an environment variable. What only its owner may do throws. */
export function foreignBroker(url: string, variable: string): Broker {
  const { hostname, port } = new URL(url);
  const refuse = (): never => {
    throw new Error(`${variable} names a server that is not the test's own: name the need '...-process' in its test`);
  };
  return {
    url,
    host: hostname,
    port: Number(port),
    ours: false,
    kill: refuse,
    stop: refuse,
    restart: refuse,
    pause: refuse,
    resume: refuse,
    signal: refuse,
    log: () => '',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
