import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found } from '../harness/found.ts';
import { provide, type Tool, TOOLS } from '../harness/provide.ts';
import { type ServerKind, startShared } from '../harness/shared-servers.ts';

/** What each server needs to run here. */
const TOOLS_OF: Readonly<Record<ServerKind, readonly Tool[]>> = {
  nats: ['nats-server'],
  kafka: ['java', 'kafka'],
  rabbitmq: ['rabbitmq-server', 'epmd'],
};

const SLOW_MS = 2000;

/** The servers of a run, reached by what stands in the run's folder. Each is started once, when it is first wanted. */
export interface RunServers extends AsyncDisposable {
  want(kind: ServerKind): void;
  /** Resolves once whatever was wanted so far is ready or known to be missing. */
  settled(): Promise<void>;
}

function publish(folder: string, name: string, value: object): void {
  const file = join(folder, `${name}.json`);
  // Whoever waits for it finds all of it.
  writeFileSync(`${file}.new`, JSON.stringify(value));
  renameSync(`${file}.new`, file);
}

/** Finds every tool, providing it where that may be done, and says where each one is. */
async function provideAll(say: (line: string) => void): Promise<ReadonlyMap<Tool, Found>> {
  const found = new Map<Tool, Found>();
  const finding = TOOLS.map(async (tool) => {
    const slow = setTimeout(
      () => say(`${tool}: not here yet, being fetched or built; it is kept for the next run`),
      SLOW_MS,
    );
    const one = await provide(tool);
    clearTimeout(slow);
    found.set(tool, one);
    return { tool, one };
  });
  const all = await Promise.all(finding);
  const present = all.flatMap(({ tool, one }) => (one.found ? [`${tool} ${one.path}`] : []));
  say(`servers and tools: ${present.join(', ')}`);
  for (const { tool, one } of all) if (!one.found) say(`${tool}: MISSING, its laws are skipped: ${one.reason}`);
  return found;
}

/** Looks for every tool at once, and starts a server when it is wanted. */
export function runServers(folder: string, say: (line: string) => void): RunServers {
  const stack = new AsyncDisposableStack();
  const starting = new Map<ServerKind, Promise<void>>();
  const tools = provideAll(say).then((found) => {
    publish(folder, 'tools', Object.fromEntries(found));
    return found;
  });
  const start = async (kind: ServerKind): Promise<void> => {
    const found = await tools;
    const missing = TOOLS_OF[kind].map((tool) => found.get(tool)).find((one) => one?.found === false);
    if (missing?.found === false) return publish(folder, kind, { error: missing.reason });
    const startMs = performance.now();
    try {
      const { facts } = stack.use(await startShared(kind));
      publish(folder, kind, facts);
      say(`${kind}: ready after ${((performance.now() - startMs) / 1000).toFixed(1)} s, one for the run`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      publish(folder, kind, { error: reason });
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
