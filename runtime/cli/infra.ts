import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { pause } from '#kit/deadline.ts';
import { didYouMean } from '#kit/nearest.ts';
import { InfraState, isRunning, type StartedServer } from '../infra/infra-state.ts';
import { portOpen } from '../infra/probe.ts';
import type { InfraServer } from '../infra/infra-server.ts';
import { INFRA_SERVERS } from '../infra/servers.ts';
import { endServer, logOf, startServer } from '../infra/start-server.ts';
import { infraTools, type InfraTool, ORIGINS } from '../infra/tools.ts';
import { aligned } from './aligned.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { untilTold } from './hand-run.ts';
import { tellFailure } from './tell-failure.ts';
import { type InfraServerReport, printJson } from './output.ts';

const NAMES = Object.keys(INFRA_SERVERS);
const SLOW_MS = 1500;
const LOOK_MS = 500;

/** Local servers for a person: those that the tests use. */
export const infra: Command = {
  usage: `up SERVER... [--background] [--port NAME=PORT] | down [SERVER...] | list  [--json]`,
  help: {
    [NAMES.join(', ')]: 'the servers; each on 127.0.0.1 alone, without passwords, its data in .sluice/infra/NAME',
    '--background': 'leave them running; else Ctrl-C ends them',
    '--port NAME=PORT': 'another port than the standard one; may be repeated',
    '--json': 'print one JSON object',
  },
  examples: [
    ['up nats mosquitto', 'until Ctrl-C'],
    ['up nats --port nats=4223 --background', 'stays; sluice infra down ends it'],
  ],
  options: { background: { type: 'boolean' }, port: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  words: [1, Infinity],
  async run(given) {
    const [word = '', ...names] = given.positionals;
    const state = new InfraState(process.cwd());
    for (const name of names) serverNamed(name);
    if (word === 'up') return up(names, given, state);
    if (word === 'down') return down(names, given, state);
    if (word === 'list' && names.length === 0) return list(given, state);
    throw new UsageError(`expected up, down or list, found ${[word, ...names].join(' ')}`);
  },
};

function serverNamed(name: string): InfraServer {
  const server = Object.hasOwn(INFRA_SERVERS, name) ? INFRA_SERVERS[name] : undefined;
  if (server !== undefined) return server;
  throw new UsageError(`expected ${NAMES.join(', ')}, found ${name}${didYouMean(name, NAMES)}`);
}

async function up(names: readonly string[], given: Arguments, state: InfraState): Promise<ExitCode> {
  if (names.length === 0) throw new UsageError(`expected up ${NAMES.join(', ')}, found no name`);
  const isJson = given.values['json'] === true;
  const wanted = [...new Set(names)].map((name) => ({ name, server: serverNamed(name) }));
  const ports = portsOf(wanted, given);
  const told = untilTold();
  const started: StartedServer[] = [];
  try {
    for (const { name, server } of wanted) {
      const before = state.running().find((one) => one.name === name);
      if (before !== undefined) {
        say(isJson, `${name} runs already: ${server.urls(before.ports).join(', ')}`);
        continue;
      }
      started.push(await start(name, server, ports, state));
      say(isJson, `${name}: ${server.urls(ports).join(', ')}`);
      if (told.signal.aborted) break;
    }
    if (isJson) printJson('infra', { ok: true, servers: state.running().map(shown) });
    if (given.values['background'] === true && !told.signal.aborted) return EXIT.fine;
    return await untilEnded(started, state, told.signal, isJson);
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    await end(started, state);
    return failed(messageOf(thrown), isJson);
  } finally {
    told.restore();
  }
}

async function start(
  name: string,
  server: InfraServer,
  ports: Readonly<Record<string, number>>,
  state: InfraState,
): Promise<StartedServer> {
  for (const port of Object.keys(server.ports)) {
    const number = ports[port] ?? 0;
    if (await portOpen(number))
      throw new Error(`port ${number} of 127.0.0.1 is in use; end what uses it, or write --port ${port}=${number + 1}`);
  }
  const own = Object.fromEntries(Object.keys(server.ports).map((port) => [port, ports[port] ?? 0]));
  const place = { folder: state.folderOf(name), ports: own, tools: await toolsOf(name, server) };
  const made = await startServer(name, server, place);
  state.save(made);
  return made;
}

/** Finds the programs of a server. Says what it fetches and from where, before it waits for it. */
async function toolsOf(name: string, server: InfraServer): Promise<ReadonlyMap<InfraTool, string>> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sluice', 'servers');
  const ways = infraTools(folder);
  const tools = new Map<InfraTool, string>();
  for (const tool of server.tools) {
    const slow = setTimeout(
      () =>
        process.stderr.write(`${name}: ${tool} is not here yet; it comes from ${ORIGINS[tool]}, kept in ${folder}\n`),
      SLOW_MS,
    );
    const found = await ways[tool]().finally(() => clearTimeout(slow));
    if (!found.found) throw new Error(`${name}: ${found.reason}`);
    tools.set(tool, found.path);
  }
  return tools;
}

async function untilEnded(
  started: readonly StartedServer[],
  state: InfraState,
  signal: AbortSignal,
  isJson: boolean,
): Promise<ExitCode> {
  if (started.length === 0) return EXIT.fine;
  say(isJson, 'Ctrl-C ends them.');
  let gone: StartedServer | undefined;
  while (!signal.aborted && gone === undefined) {
    await pause(LOOK_MS, signal);
    gone = started.find(({ processes }) => !processes.every(isRunning));
  }
  await end(started, state);
  if (gone === undefined) return EXIT.fine;
  return failed(`${gone.name} has ended by itself; its log is ${logOf(gone.folder)}`, isJson);
}

async function end(servers: readonly StartedServer[], state: InfraState): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      await endServer(server);
      state.forget(server.name);
    }),
  );
}

async function down(names: readonly string[], given: Arguments, state: InfraState): Promise<ExitCode> {
  const running = state.running().filter(({ name }) => names.length === 0 || names.includes(name));
  await end(running, state);
  const isJson = given.values['json'] === true;
  if (isJson) printJson('infra', { ok: true, ended: running.map(({ name }) => name) });
  else if (running.length === 0) process.stdout.write('none of them runs\n');
  for (const { name, folder } of isJson ? [] : running)
    process.stdout.write(`${name} has ended; its data is in ${folder}\n`);
  return EXIT.fine;
}

function list(given: Arguments, state: InfraState): ExitCode {
  const running = state.running();
  if (given.values['json'] === true) {
    printJson('infra', { ok: true, servers: running.map(shown) });
    return EXIT.fine;
  }
  const rows = NAMES.map((name) => {
    const server = running.find((one) => one.name === name);
    const urls = serverNamed(name).urls(server?.ports ?? serverNamed(name).ports);
    return [name, server === undefined ? '-' : `pid ${server.processes[0]?.pid}`, urls.join(', ')];
  });
  process.stdout.write(`${aligned([['server', 'runs', 'where'], ...rows]).join('\n')}\n`);
  return EXIT.fine;
}

function shown({ name, processes, ports, folder }: StartedServer): InfraServerReport {
  return { name, pid: processes[0]?.pid, ports, folder, urls: serverNamed(name).urls(ports) };
}

function portsOf(
  wanted: readonly { readonly server: InfraServer }[],
  { values }: Arguments,
): Readonly<Record<string, number>> {
  const ports: Record<string, number> = Object.assign({}, ...wanted.map(({ server }) => server.ports));
  const given = values['port'];
  for (const text of Array.isArray(given) ? given.map(String) : []) {
    const [, name = '', number = ''] = /^([\w-]+)=(\d{1,5})$/.exec(text) ?? [];
    if (!Object.hasOwn(ports, name) || Number(number) < 1 || Number(number) > 65_535)
      throw new UsageError(`expected --port NAME=PORT with one of ${Object.keys(ports).join(', ')}, found ${text}`);
    ports[name] = Number(number);
  }
  return ports;
}

function say(isJson: boolean, text: string): void {
  (isJson ? process.stderr : process.stdout).write(`${text}\n`);
}

function failed(message: string, isJson: boolean): ExitCode {
  return tellFailure(new SluiceError('INFRA_UNAVAILABLE', message), isJson ? 'infra' : undefined);
}
