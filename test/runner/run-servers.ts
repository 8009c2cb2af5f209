import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found } from '../../runtime/infra/found.ts';
import { STARTS_FILE } from '../harness/broker.ts';
import { provide, type Tool, toolFile, TOOLS, wayTo } from '../harness/provide.ts';
import { TOOLS_OF } from '../harness/server-test.ts';
import { type ServerKind, startShared } from '../harness/shared-servers.ts';

const SLOW_MS = 2000;

/** The servers of a run, reached by what stands in the run's folder. Each is started once, when it is first wanted. */
export interface RunServers extends AsyncDisposable {
  want(kind: ServerKind): void;
  /** Resolves once whatever was wanted so far is ready or known to be missing. */
  settled(): Promise<void>;
}

function publish(folder: string, name: string, value: object): void {
  const file = join(folder, name);
  // Whoever waits for it finds all of it.
  writeFileSync(`${file}.new`, JSON.stringify(value));
  renameSync(`${file}.new`, file);
}

/** Finds every tool, providing it where that may be done, and says where each one is, or within 2 s what is under way. */
async function provideAll(folder: string, say: (line: string) => void): Promise<void> {
  const found = new Map<Tool, Found>();
  const present = (): string =>
    [...found].flatMap(([tool, one]) => (one.found ? [`${tool} ${one.path}`] : [])).join(', ');
  const slow = setTimeout(() => {
    say(`servers and tools: ${present()}`);
    for (const tool of TOOLS)
      if (!found.has(tool)) say(`${tool}: not here, being ${wayTo(tool)}; kept for the next run`);
  }, SLOW_MS);
  const provided = TOOLS.map(async (tool) => {
    const one = await provide(tool);
    found.set(tool, one);
    // Each at once: what needs nats-server does not wait for the build of Jaeger.
    publish(folder, toolFile(tool), one);
  });
  await Promise.all(provided);
  clearTimeout(slow);
  say(`servers and tools: ${present()}`);
  for (const [tool, one] of found) if (!one.found) say(`${tool}: MISSING, its tests cannot run: ${one.reason}`);
}

/** `rabbitmq 3 and 12 restarts`, of all servers that the run has started so far. */
export function startsText(folder: string): string {
  const file = join(folder, STARTS_FILE);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const kinds = [...counts.keys()].filter((name) => !name.endsWith(' again')).toSorted();
  return kinds
    .map((kind) => {
      const again = counts.get(`${kind} again`);
      return `${kind} ${counts.get(kind)}${again === undefined ? '' : ` and ${again} restarts`}`;
    })
    .join(', ');
}

/** Looks for every tool at once, and starts a server when it is wanted. */
export function runServers(folder: string, say: (line: string) => void): RunServers {
  const stack = new AsyncDisposableStack();
  const starting = new Map<ServerKind, Promise<void>>();
  const tools = provideAll(folder, say);
  const start = async (kind: ServerKind): Promise<void> => {
    const file = `${kind}.json`;
    const found = await Promise.all(TOOLS_OF[kind].map(provide));
    const missing = found.find((one) => !one.found);
    if (missing?.found === false) return publish(folder, file, { error: missing.reason });
    const startMs = performance.now();
    try {
      appendFileSync(join(folder, STARTS_FILE), `${kind}\n`);
      const { facts } = stack.use(await startShared(kind));
      publish(folder, file, facts);
      say(`${kind}: ready after ${((performance.now() - startMs) / 1000).toFixed(1)} s, one for the run`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      publish(folder, file, { error: reason });
      say(`${kind}: DID NOT START: ${reason}`);
    }
  };
  return {
    want(kind) {
      if (!starting.has(kind)) starting.set(kind, start(kind));
    },
    async settled() {
      await Promise.all([tools, ...starting.values()]);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
