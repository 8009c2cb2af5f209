import { setTimeout as sleep } from 'node:timers/promises';
import type { Arrived, Listener, OwnEndpoint } from '../../brokers/test-bus.ts';
import { newProject } from '../../harness/project.ts';
import { type SluiceProcess, startSluice } from '../../harness/sluice-process.ts';
import { type InstancesCase, KEYS } from './cases.ts';
import { judge, type Judged, type Numbered, numbered } from './judge.ts';

export interface InstancesTask {
  readonly kind: InstancesCase;
  readonly source: OwnEndpoint;
  readonly sink: OwnEndpoint;
  /** Names everything of this run. */
  readonly tag: string;
  readonly processes: number;
  readonly count: number;
  /** Each message waits so long in a function; 0: the route has no stage. */
  readonly waitMs: number;
  readonly window: number;
}

export interface InstancesResult extends Judged {
  readonly perSecond: number;
  /** Messages that each process delivered. */
  readonly shares: readonly number[];
}

/** Members of a group, and consumers that wait for another one, are settled by then. */
const SETTLED_MS = 5000;
const POLL_MS = 50;
/** Nothing more comes: longer than JetStream waits for an acknowledgement. */
const OVER_MS = 45_000;

/** Starts the processes on an empty source, publishes, and waits until the sink has all, or nothing more comes. */
export async function runInstances(task: InstancesTask): Promise<InstancesResult> {
  const { source, sink, tag, processes, count } = task;
  await source.prepare('source', [tag]);
  await sink.prepare('sink', [tag]);
  await using stack = new AsyncDisposableStack();
  const running: SluiceProcess[] = [];
  for (let at = 0; at < processes; at += 1) running.push(stack.use(start(task, at, stack)));
  const ready = running.map((one) => one.said('ready', 1, 90_000));
  // Of consumers that wait for another one, one alone is ready.
  await Promise.any(ready);
  await Promise.race([Promise.allSettled(ready), sleep(SETTLED_MS)]);
  await sleep(SETTLED_MS);
  await using listener = await sink.listen(tag);
  const startMs = performance.now();
  const messages = [...numbered(count, KEYS.length)].map((one) => ({
    key: one.key,
    body: Buffer.from(JSON.stringify(one)),
  }));
  await source.publish(tag, messages);
  const endMs = await untilOver(listener, count);
  const shares: number[] = [];
  let removed = 0;
  for (const one of running) {
    one.signal('SIGTERM');
    await one.ended();
    const stopped = one.lines().findLast(({ event }) => event === 'stopped');
    shares.push(Number(stopped?.['delivered'] ?? 0));
    removed += Number(stopped?.['alreadyStored'] ?? 0);
  }
  const judged = judge(listener.arrived.map(numberOf), count);
  await source.remove('source', tag);
  await sink.remove('sink', tag);
  return { ...judged, repeated: judged.repeated + removed, perSecond: (count / (endMs - startMs)) * 1000, shares };
}

function start(
  { kind, source, sink, tag, processes, waitMs, window }: InstancesTask,
  at: number,
  stack: AsyncDisposableStack,
): SluiceProcess {
  const route = {
    name: 'r',
    from: { bus: 'a', ...kind.source(source.entrance(tag).bridge, at, processes), window: { messages: window } },
    ...(waitMs > 0 && { stages: [{ function: 'wait' }] }),
    to: { bus: 'b', ...sink.exit(tag).bridge },
  };
  const buses = { a: { ...source.direct, ...kind.connection?.(at) }, b: sink.direct };
  const project = newProject({
    'pipelines/p.yaml': { name: tag, buses, routes: [route] },
    'functions/wait.ts': `import { setTimeout } from 'node:timers/promises';\nexport default async (body: unknown) => {\n  await setTimeout(${waitMs});\n  return body;\n};\n`,
  });
  stack.defer(() => project[Symbol.dispose]());
  return startSluice(['run', 'pipelines/p.yaml', '--state', project.path('state')], { cwd: project.folder });
}

const numberOf = ({ body }: Arrived): Numbered => JSON.parse(body.toString()) as Numbered;

/** The moment at which the last one of all messages came, or the last one before nothing more did. */
async function untilOver({ arrived }: Listener, count: number): Promise<number> {
  const seen = new Set<string>();
  let [looked, lastMs] = [0, performance.now()];
  while (seen.size < count && performance.now() - lastMs < OVER_MS) {
    await sleep(POLL_MS);
    if (arrived.length === looked) continue;
    for (const one of arrived.slice(looked)) seen.add(one.body.toString());
    looked = arrived.length;
    lastMs = performance.now();
  }
  return lastMs;
}
