import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint, Words } from '../brokers/test-bus.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { patient } from '../harness/patience.ts';
import { newProject } from '../harness/project.ts';
import { standStill } from '../harness/stand-still.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Dice, dice } from './random.ts';

const KEYS = 16;
const DEADLINE_MS = 120_000;
const QUIET_MS = 500;
const LOOK_MS = 1;
/** From the look that finds enough messages to the kill: between two batches, or within one. */
const MOST_LATE_MS = 10;
const STOP_MS = 20_000;
/** So many kills for each one that has to find messages left to come. */
const MOST_TRIES = 5;
const PADDING = 'x'.repeat(100);

/** What arrives at the sink, repetitions included. */
export interface Traffic extends AsyncDisposable {
  /** The number of each message that arrived, in order. Grows. */
  readonly numbers: readonly number[];
}

export interface KilledUnderLoad {
  readonly near: { readonly connection: Words; readonly end: Words };
  /** Publishes `messages` to the source, behind what it holds. Called before the first kill, and again when half of them have arrived. */
  readonly fill: (messages: Iterable<Numbered>) => Promise<void>;
  readonly far: { readonly connection: Words; readonly end: Words };
  readonly traffic: Traffic;
  /** In messages. */
  readonly window: number;
  /** In messages. */
  readonly backlog: number;
  readonly kills: number;
  readonly seed: number;
  /** The name of the pipeline. */
  readonly name: string;
  /** Called after each kill under load. */
  readonly whileDown?: (kill: number) => void | Promise<void>;
}

export interface Repetitions {
  /** How often a message came that was there already. */
  readonly repeated: number;
  /** How many different messages were there at each kill, whether there were more to come or not. */
  readonly at: readonly number[];
}

interface Numbered {
  readonly key: string;
  readonly body: Buffer;
}

/** Messages of some keys in turn, with these numbers. */
function* numbered(first: number, end: number): Generator<Numbered> {
  for (let number = first; number < end; number += 1) {
    yield { key: `k${number % KEYS}`, body: Buffer.from(JSON.stringify({ number, padding: PADDING })) };
  }
}

export function numberIn(body: Uint8Array): number {
  return (JSON.parse(Buffer.from(body).toString()) as { readonly number: number }).number;
}

/** What arrives at the exit of an endpoint, which is prepared. */
export async function trafficAt(far: Endpoint, tag: string): Promise<Traffic> {
  const listener = await far.listen(tag);
  const numbers: number[] = [];
  return {
    get numbers() {
      for (const { body } of listener.arrived.slice(numbers.length)) numbers.push(numberIn(body));
      return numbers;
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

/**
 * Kills a bridge that drains its source at full speed, again and again at moments by chance, and counts what comes twice. A kill that
 * finds less than a window left proves nothing: there is one more, and the source is filled again once half of its backlog has arrived. Rejects unless everything arrives
 * and the last bridge ends in order.
 */
export async function killUnderLoad(options: KilledUnderLoad): Promise<Repetitions> {
  const { near, far, traffic, window, backlog, kills, seed, name } = options;
  const throws = dice(seed);
  const route = {
    name: 'r',
    from: { bus: 'near', ...near.end, window: { messages: window } },
    to: { bus: 'far', ...far.end },
  };
  const buses = { near: near.connection, far: far.connection };
  using project = newProject({ 'pipelines/p.yaml': { name, buses, routes: [route] } });
  const start = (): Bridge => startBridge(project.folder, project.path('pipelines/p.yaml'));
  const distinct = new Set<number>();
  let looked = 0;
  const seen = (): number => {
    const { numbers } = traffic;
    for (; looked < numbers.length; looked += 1) distinct.add(numbers[looked] ?? -1);
    return distinct.size;
  };
  const at: number[] = [];
  let total = 0;
  for (let kill = 0; kill < kills;) {
    if (total - seen() < backlog / 2) {
      const first = total;
      total += backlog;
      await options.fill(numbered(first, total));
    }
    const most = Math.floor((total - seen()) / (kills - kill + 1));
    await using bridge = start();
    await killedAfter(bridge, seen, throws(Math.floor(most / 4), most), throws);
    at.push(seen());
    if (at.length > MOST_TRIES * kills) throw new Error(`after most kills nothing was left to come: ${at.join(', ')}`);
    // With less than a window left nothing more may have come again than what is left.
    if (total - seen() <= window) continue;
    await options.whileDown?.(kill);
    kill += 1;
  }
  await using last = start();
  await last.ready();
  await waitFor(() => seen() === total, DEADLINE_MS, 'all messages').catch((cause: unknown) => {
    throw new Error(`${seen()} of ${total} arrived\n${last.tail()}`, { cause });
  });
  await standStill(async () => traffic.numbers.length, QUIET_MS);
  const ended = await last.terminate(STOP_MS);
  if (ended !== 'exit code 0') throw new Error(`${ended}\n${last.tail()}`);
  return { repeated: traffic.numbers.length - total, at };
}

async function killedAfter(bridge: Bridge, seen: () => number, more: number, throws: Dice): Promise<void> {
  const wanted = seen() + more;
  const endMs = performance.now() + patient(DEADLINE_MS);
  while (seen() < wanted) {
    if (performance.now() > endMs) throw new Error(`${seen()} of ${wanted} arrived\n${bridge.tail()}`);
    await sleep(LOOK_MS);
  }
  await sleep(throws(0, MOST_LATE_MS));
  await bridge.kill();
}
