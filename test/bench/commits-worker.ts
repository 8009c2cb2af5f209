// One round of commits.ts: `node commits-worker.ts FOLDER ROUTE RATE SECONDS`.
import { ACCEPT } from '../../runtime/contract/delivery.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { startPipeline } from '../../runtime/host/pipeline.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { readProjectFolders } from '../../runtime/project/project-files.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { percentileOf } from './percentile.ts';

/** What one round has measured: times in milliseconds, processor time in microseconds a message. */
export interface Held {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly latencyMs: number;
}

const [, , stateFolder = '', kind = 'command', rateText = '0', seconds = '10'] = process.argv;
const rate = Number(rateText);
const WORDS: Readonly<Record<string, string>> = {
  event: 'class: event',
  command: 'class: command',
  spool: 'class: event\n    spool: { max: 1GiB }',
  'command-spool': 'class: command\n    spool: { max: 1GiB }',
};
/** Of the measured time: what starting and compiling cost is over. */
const WARM_MS = 2000;
const KEYS = 200;

const checked = checkPipeline({
  text: `name: commits
buses: { a: { bus: memory, hub: commits } }
routes:
  - name: r
    ${WORDS[kind] ?? ''}
    from: { bus: a, addresses: ["in/#"], key: "{address.1}", expires: 1h }
    to: { bus: a, address: "out/{key}" }
`,
  file: 'bench.yaml',
  catalog,
  project: readProjectFolders(packageFolder()),
  environment: {},
  readFile: () => '',
  mode: 'run',
});
if (checked.spec === undefined) throw new Error(findingsText(checked.findings));
const running = await startPipeline(checked.spec, {
  catalog,
  parts: { functions: new Map(), validators: new Map() },
  log: {
    info() {},
    warn: (event) => process.stderr.write(`${event}\n`),
    error: (event) => process.stderr.write(`${event}\n`),
  },
  stateFolder,
  admin: undefined,
  failFast: false,
  drainMs: 10_000,
  environment: {},
});
await running.ready;
const hub = memoryHub('commits');
const out = hub.subscribe('bench', ['out/#']);
const { signal } = new AbortController();

const body = (): string => `${performance.now()} ${'x'.repeat(180)}`;
let published = 0;
let arrived = 0;
const over = new AbortController();
const latencies: number[] = [];
/** Lengths of the turns of the event loop, all and without those that only waited. */
const turns: number[] = [];

/** At full speed: as many are in flight as that, and the next are published when some have arrived. */
const IN_FLIGHT = 2000;
let goOn = (): void => {};

async function publish(): Promise<void> {
  const startMs = performance.now();
  while (!over.signal.aborted) {
    const due = rate === 0 ? arrived + IN_FLIGHT : ((performance.now() - startMs) * rate) / 1000;
    for (; published < due; published += 1) await hub.publish(frameForTest(`in/k${published % KEYS}`, body()));
    await new Promise<void>((resolve) => (rate === 0 ? (goOn = resolve) : setTimeout(resolve, 1)));
  }
}

async function receive(): Promise<void> {
  while (!over.signal.aborted) {
    for (const delivery of await out.read({ messages: 1000, bytes: 1e9 }, signal)) {
      delivery.settle(ACCEPT);
      arrived += 1;
      latencies.push(performance.now() - Number.parseFloat(Buffer.from(delivery.frame.body ?? []).toString()));
    }
    goOn();
  }
}

/** A timer of 1 ms that comes later was held for that much longer. */
function probe(): void {
  const dueMs = performance.now() + 1;
  setTimeout(() => {
    turns.push(Math.max(0, performance.now() - dueMs));
    if (!over.signal.aborted) probe();
  }, 1);
}

void publish();
void receive();
await new Promise((resolve) => setTimeout(resolve, WARM_MS));
const [before, startMs, cpu] = [arrived, performance.now(), process.cpuUsage()];
latencies.length = 0;
probe();
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
const spentMs = performance.now() - startMs;
const { user, system } = process.cpuUsage(cpu);
const count = arrived - before;
over.abort();
const held: Held = {
  p50: percentileOf(turns, 0.5),
  p99: percentileOf(turns, 0.99),
  max: percentileOf(turns, 1),
  perSecond: (count / spentMs) * 1000,
  cpuUs: (user + system) / count,
  latencyMs: percentileOf(latencies, 0.5),
};
await running.stop();
process.send?.(held);
process.exit(0);
