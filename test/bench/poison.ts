import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameForTest } from '../harness/test-frame.ts';
import { ACCEPT, type Delivery } from '../../runtime/contract/delivery.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { loadParts } from '../../runtime/cli/load-parts.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { startPipeline } from '../../runtime/host/pipeline.ts';
import { readProjectFolders } from '../../runtime/project/project-files.ts';
import { startEventLoopWatchdog } from '../../runtime/engine/event-loop-watchdog/start.ts';
import { runIn } from '../store/state-in.ts';
import { report } from './work.ts';

// What guarding against poison costs: `node test/bench/poison.ts [MESSAGES]`. Real parts, no network.

const MESSAGES = Number(process.argv[2] ?? 100_000);
const ROUNDS = 5;
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const silent = { info() {}, warn() {}, error() {} };

/** Microseconds each, the median of the rounds. */
async function median(count: number, act: () => Promise<void> | void): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    await act();
    rounds.push(((performance.now() - startMs) / count) * 1000);
  }
  return rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

function tell(what: string, us: number): void {
  const perSecond = Math.round(1e6 / us).toLocaleString('en');
  process.stdout.write(`${what.padEnd(52)} ${us.toFixed(3).padStart(9)} us  ${perSecond.padStart(11)}/s\n`);
}

async function notes(): Promise<void> {
  const calls = 1_000_000;
  const places = [{ route: 'r', stage: 'function f', limitMs: 30_000 }];
  const crashNote = { file: '', statement: '' };
  const watched = startEventLoopWatchdog({ pipeline: 'p', places, limitMs: 30_000, crashNote, onLost: () => {} });
  const eventLoopWatchdog = watched.eventLoopWatchdog(0);
  const frame = frameForTest('a', null);
  const deliveries: Delivery[] = Array.from({ length: 1000 }, (_, n) => ({
    id: `field/1732/0/${n * 7}-9ab3c1-77aa01-300`,
    frame,
    attempt: 1,
    settle() {},
  }));
  tell(
    'the watched note of a call',
    await median(calls, () => {
      for (let call = 0; call < calls; call += deliveries.length) {
        for (const delivery of deliveries) {
          eventLoopWatchdog.begin(0, delivery);
          eventLoopWatchdog.end();
        }
      }
    }),
  );
  await watched.close();
}

async function quarantine(): Promise<void> {
  const store = runIn(folder);
  const suspects = store.of('r');
  tell(
    'a message in quarantine: written down, struck out',
    await median(500, () => {
      for (let n = 0; n < 500; n += 1) {
        suspects.enter(`s:${n}`);
        suspects.leave(`s:${n}`, true);
      }
    }),
  );
  store.close();
}

let runs = 0;

/** Through the whole bridge, memory to memory: decode, validate, the function, validate, encode. */
async function bridge(what: string, isolate: string): Promise<void> {
  runs += 1;
  const name = `b${runs}`;
  const checked = checkPipeline({
    text: `name: ${name}
buses: { a: { bus: memory, hub: ${name} } }
routes:
  - name: r
    from: { bus: a, addresses: ["in/#"], key: "{address.1}" }
    stages: [{ validate: owntracks-location.v1 }, { function: owntracks-to-track${isolate} }, { validate: track.v1 }]
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
  const { parts } = await loadParts(checked.named, readProjectFolders(packageFolder()));
  const hub = memoryHub(name);
  const running = await startPipeline(checked.spec, {
    catalog,
    parts,
    log: silent,
    stateFolder: join(folder, name),
    admin: undefined,
    failFast: false,
    drainMs: 5000,
    environment: {},
  });
  await running.ready;
  const out = hub.subscribe('bench', ['out/#']);
  const { signal } = new AbortController();
  const pass = async (count: number): Promise<void> => {
    const publishing = (async () => {
      for (let n = 0; n < count; n += 1) {
        await hub.publish(frameForTest(`in/v${n % 50}`, report(n)));
      }
    })();
    for (let arrived = 0; arrived < count;) {
      for (const delivery of await out.read({ messages: 1000, bytes: 1e9 }, signal)) {
        delivery.settle(ACCEPT);
        arrived += 1;
      }
    }
    await publishing;
  };
  await pass(Math.min(MESSAGES, 10_000));
  const before = process.cpuUsage();
  const us = await median(MESSAGES, () => pass(MESSAGES));
  const { user, system } = process.cpuUsage(before);
  tell(what, us);
  process.stdout.write(
    `${''.padEnd(52)} ${((user + system) / MESSAGES / ROUNDS).toFixed(3).padStart(9)} us of processor time\n`,
  );
  await running.stop();
}

await notes();
await quarantine();
await bridge('a message through the bridge, function inline', '');
await bridge('... isolate: worker, workers: 1', ', isolate: worker, workers: 1');
await bridge('... isolate: worker, workers: 2', ', isolate: worker, workers: 2');
await bridge('... isolate: worker, workers: 4', ', isolate: worker, workers: 4');
rmSync(folder, { recursive: true });
