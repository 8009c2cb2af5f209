import type { Delivery } from '../../runtime/contract/delivery.ts';
import { ACCEPT } from '../../runtime/contract/delivery.ts';
import type { Bus } from '../../runtime/contract/bus.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Source } from '../../runtime/contract/source.ts';
import type { WatchStart } from '../../runtime/contract/watch.ts';
import { filterOver } from '../../runtime/ends/address-filters.ts';
import { sendAll, type Sending } from '../../runtime/ends/hand-sender.ts';
import {
  type EndReports,
  openSink,
  openWatch,
  singleEnd,
  type SingleEnd,
  type WrittenEnd,
} from '../../runtime/ends/single-end.ts';
import { busOf } from '../../runtime/host/catalog-of.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { asDriverOptions, openingOptions } from '../../runtime/host/end-options.ts';
import { recordedContext } from '../harness/recorded-context.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Words } from '../brokers/test-bus.ts';

const NO_LOG = { info() {}, warn() {}, error() {} };
const ROOM = { messages: 1000, bytes: 16 * 1024 * 1024 };
const ARRIVES_MS = 30_000;

/** An end over a connection, which must be right. */
export function endOver(connection: Words, end: WrittenEnd): SingleEnd {
  const { end: made, findings } = singleEnd({ name: 'place', words: connection }, end, {
    file: 'place',
    catalog,
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  if (made === undefined) throw new Error(JSON.stringify(findings, undefined, 2));
  return made;
}

/** The end that watches what a sink writes. */
export async function endBeside(connection: Words, to: Words): Promise<SingleEnd> {
  const { route } = endOver(connection, { to });
  const bus = busOf(catalog, String(connection['bus']));
  const filter = filterOver(route.to.address, bus.grammar);
  const watch = await bus.watch?.();
  const words = watch?.beside(asDriverOptions(route.to.options), { address: route.to.address, filter });
  if (typeof words !== 'object') throw new Error(words ?? 'no watch');
  return endOver(connection, { from: words });
}

/** The first problem ends the opening, as it does for a person. */
async function opening<Made>(open: (reports: EndReports) => Promise<Made>): Promise<Made> {
  const stop = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const made = open({ log: NO_LOG, signal: stop.signal, onProblem: reject });
  try {
    return await Promise.race([made, promise]);
  } catch (thrown) {
    stop.abort();
    await made.catch(() => {});
    throw thrown;
  }
}

/** What a reader has read, in order. */
export interface Read extends AsyncDisposable {
  readonly bodies: readonly string[];
  readonly deliveries: readonly Delivery[];
  /** Waits for so many. */
  has(count: number): Promise<readonly string[]>;
}

export async function watching(end: SingleEnd, start: WatchStart = 'new'): Promise<Read> {
  return reading(await opening((reports) => openWatch(end, catalog, start, reports)));
}

/** A reader as a route has it, that keeps its place at the server: it settles everything. */
export async function durableReader(connection: Words, from: Words, name: string): Promise<Read> {
  const { spec, route } = endOver(connection, { from });
  const bus: Bus = busOf(catalog, route.from.bus);
  const { context } = recordedContext('source', { pipeline: name });
  return reading(await bus.openSource(openingOptions(spec, route.from, bus, context), context));
}

export async function sending(connection: Words, to: Words, frames: readonly Frame[]): Promise<Sending> {
  const sink = await opening((reports) => openSink(endOver(connection, { to }), catalog, reports));
  try {
    return await sendAll(frames, sink, { ratePerSecond: Infinity, signal: new AbortController().signal });
  } finally {
    await sink.close();
  }
}

function reading(source: Source): Read {
  const deliveries: Delivery[] = [];
  const stop = new AbortController();
  const bodies: string[] = [];
  const read = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      for (const delivery of await source.read(ROOM, stop.signal)) {
        deliveries.push(delivery);
        bodies.push(Buffer.from(delivery.frame.body ?? []).toString());
        delivery.settle(ACCEPT);
      }
    }
  };
  const done = read();
  return {
    bodies,
    deliveries,
    async has(count) {
      await waitFor(() => bodies.length >= count, ARRIVES_MS, `${count} messages, and there are ${bodies.length}`);
      return bodies;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      await source.close();
    },
  };
}
