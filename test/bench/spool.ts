// `node test/bench/spool.ts [--messages 200000] [--bytes 200] [--rounds 3] [--keeps all|newest]`: how fast a spool takes in, gives out, and does both.
import { systemClock } from '../../runtime/engine/clock.ts';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ACCEPT, type Delivery } from '../../runtime/contract/delivery.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import { openSpoolStore } from '../../runtime/store/spool/open-spool-store.ts';
import { SpoolSource } from '../../runtime/store/spool/spool-source.ts';
import type { SpoolStore } from '../../runtime/store/spool/spool-store.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    bytes: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    /** `newest`: as of class telemetry, each message a key of its own. */
    keeps: { type: 'string', default: 'all' },
  },
});
const count = Number(values.messages);
const keeps = values.keeps === 'newest' ? 'newest' : 'all';
const WINDOW: Demand = { messages: 256, bytes: 64 * 1024 ** 2 };

/** Delivers so many frames over 64 keys, as fast as it is asked, then none. */
class Flood implements Source {
  settled = 0;
  #sent = 0;
  readonly #total: number;

  constructor(total: number) {
    this.#total = total;
  }

  read({ messages }: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    const size = Math.min(messages, this.#total - this.#sent);
    if (size === 0) return new Promise((resolve) => signal.addEventListener('abort', () => resolve([])));
    return Promise.resolve(Array.from({ length: size }, () => this.#delivery()));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #delivery(): Delivery {
    this.#sent += 1;
    const key = `unit-${this.#sent % 64}`;
    const frame: Frame = {
      address: `fleet/${key}/position`,
      key,
      headers: new Map([['traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']]]),
      headerTypes: undefined,
      // Each its own bytes, as they come from a socket.
      body: new Uint8Array(Number(values.bytes)).fill(this.#sent & 0xff),
      id: undefined,
      contentType: 'application/json',
      timestampMs: undefined,
      expiresAtMs: undefined,
    };
    return { id: `bench:${this.#sent}`, frame, attempt: 1, settle: () => void (this.settled += 1) };
  }
}

type Way = 'in' | 'out' | 'both';

interface Result {
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function measured(what: () => Promise<void>): Promise<Result> {
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  await what();
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count / (performance.now() - startMs)) * 1000, cpuUs: (user + system) / count };
}

interface Open {
  readonly store: SpoolStore;
  readonly spool: SpoolSource;
}

const commitMs: number[] = [];

function open(file: string, source: Source): Open {
  const { store } = openSpoolStore(file, openDatabase, { maxBytes: 8 * 1024 ** 3, keeps, rememberedIds: 1280 });
  const commit = store.commit.bind(store);
  store.commit = (arrivals, ended) => {
    const startMs = performance.now();
    const committed = commit(arrivals, ended);
    commitMs.push(performance.now() - startMs);
    return committed;
  };
  const compactionKey = ({ id }: Delivery) => ({ lane: keeps === 'all' ? undefined : id, rank: undefined });
  const spool = new SpoolSource(source, store, {
    window: WINDOW,
    compactionKey,
    nowMs: Date.now,
    after: (ms, run) => systemClock.after(ms, run),
    onPause: () => {},
  });
  return { store, spool };
}

/** Reads as the engine does, and settles at once, until everything has come and gone. */
async function drain({ spool, store }: Open, isIn: () => boolean): Promise<void> {
  const { signal } = new AbortController();
  let turnEndsAt = 0;
  while (!isIn() || store.waiting > 0) {
    for (const delivery of await spool.read(WINDOW, signal)) delivery.settle(ACCEPT);
    if (performance.now() < turnEndsAt) continue;
    await turn();
    turnEndsAt = performance.now() + 10;
  }
  while (store.messages > 0) await sleep(1);
}

async function round(): Promise<Readonly<Record<Way, Result>>> {
  using folder = temporaryFolder('bench-spool');
  const file = `${folder.path}/spool.sqlite`;
  const flood = new Flood(count);
  const first = open(file, flood);
  const into = await measured(async () => {
    // One is lent, and no more: it is the intake that works.
    await first.spool.read({ messages: 1, bytes: 1 }, new AbortController().signal);
    while (flood.settled < count) await turn();
  });
  await first.spool.close();
  const startMs = performance.now();
  const second = open(file, new Flood(0));
  process.stderr.write(`opened and checked ${count} messages in ${(performance.now() - startMs).toFixed(0)} ms\n`);
  const out = await measured(() => drain(second, () => true));
  await second.spool.close();
  const again = new Flood(count);
  const third = open(file, again);
  const both = await measured(() => drain(third, () => again.settled === count));
  await third.spool.close();
  return { in: into, out, both };
}

const results: Awaited<ReturnType<typeof round>>[] = [];
for (let nth = 0; nth < Number(values.rounds); nth += 1) results.push(await round());
process.stdout.write(`spool, ${count} messages of ${values.bytes} B, ${values.rounds} rounds, medians\n`);
for (const way of ['in', 'out', 'both'] as const) {
  const perSecond = part(
    results.map((result) => result[way].perSecond),
    0.5,
  );
  const cpuUs = part(
    results.map((result) => result[way].cpuUs),
    0.5,
  );
  process.stdout.write(
    `  ${way.padEnd(5)} ${perSecond.toFixed(0).padStart(8)}/s  ${cpuUs.toFixed(1).padStart(5)} us CPU a message\n`,
  );
}
const [half, most, all] = [0.5, 0.99, 1].map((share) => part(commitMs, share).toFixed(2));
process.stdout.write(`  a commit holds the process for ${half} ms (median), ${most} ms (99 %), ${all} ms at most\n`);

function part(numbers: readonly number[], share: number): number {
  return (
    numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? Number.NaN
  );
}
