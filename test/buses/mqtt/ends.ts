import { beforeEach } from 'node:test';
import type { BusContext, BusEvent } from '#contract/bus.ts';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import { mqtt } from '../../../runtime/buses/mqtt/index.ts';
import type { MqttConnection, MqttFrom, MqttTo } from '../../../runtime/buses/mqtt/options.ts';
import { sharedCheckpoint } from '../../harness/checkpoint.ts';
import { patient } from '../../harness/patience.ts';
import { recordedContext } from '../../harness/recorded-context.ts';
import { ownName } from '../../harness/shared.ts';
import { take as takeFrom } from '../../harness/take.ts';
import { waitFor } from '../../harness/wait-for.ts';

export const DEADLINE_MS = 15_000;
const WINDOW: Demand = { messages: 256, bytes: 1024 * 1024 };

export { frameForTest } from '../../harness/test-frame.ts';

/** What a test may want otherwise than the defaults of the schemas. */
interface Wanted {
  readonly connection?: Partial<MqttConnection>;
  readonly route?: string;
  readonly window?: Partial<Demand>;
  readonly unspellable?: BusContext['unspellable'];
  readonly signal?: AbortSignal;
}

/** A source or sink, and what it reported so far. Closed with its handle. */
export interface Opened<End> extends AsyncDisposable {
  readonly end: End;
  readonly events: BusEvent[];
}

function contextFor(direction: 'source' | 'sink', wanted: Wanted, events: BusEvent[]): BusContext {
  const { route = 'r', window, unspellable, signal } = wanted;
  return recordedContext(direction, {
    route,
    connection: 'field',
    window: { ...WINDOW, ...window },
    ...(unspellable !== undefined && { unspellable }),
    ...(signal !== undefined && { signal }),
    checkpoint: sharedCheckpoint(`mqtt ${route} ${direction}`),
    report: (event) => void events.push(event),
  }).context;
}

// A session belongs to its client id, which is of the whole server: all ends of a test have one, whether they come over
// a link or not, and no other test has it.
let clientId = '';
beforeEach(() => {
  clientId = ownName('sluice');
});

function connectionTo(url: string, wanted: Wanted): MqttConnection {
  return { url, protocol: '5', clientId, keepAlive: '20s', connectTimeout: '30s', ...wanted.connection };
}

/** As `openSource` promises it: the promise may stay open, and `events` fill meanwhile. */
export function opening(
  url: string,
  wanted: Wanted & { from?: Partial<MqttFrom> } = {},
  events: BusEvent[] = [],
): Promise<Source> {
  const end = { topics: ['t/#'], qos: 1, session: '1d', ...wanted.from } as const;
  return mqtt.openSource({ connection: connectionTo(url, wanted), end }, contextFor('source', wanted, events));
}

export async function source(url: string, wanted: Wanted & { from?: Partial<MqttFrom> } = {}): Promise<Opened<Source>> {
  const events: BusEvent[] = [];
  const end = await opening(url, wanted, events);
  return { end, events, [Symbol.asyncDispose]: () => end.close() };
}

/** As `openSink` promises it. */
export function openingSink(
  url: string,
  wanted: Wanted & { to?: Partial<MqttTo> } = {},
  events: BusEvent[] = [],
): Promise<Sink> {
  const end = { topic: 't', qos: 1, retain: false, timeout: '10s', ...wanted.to } as const;
  return mqtt.openSink({ connection: connectionTo(url, wanted), end }, contextFor('sink', wanted, events));
}

export async function sink(url: string, wanted: Wanted & { to?: Partial<MqttTo> } = {}): Promise<Opened<Sink>> {
  const events: BusEvent[] = [];
  const opened = await openingSink(url, wanted, events);
  const end: Sink = {
    get maxInFlight() {
      return opened.maxInFlight;
    },
    // What is thrown at once is as good as a rejection.
    send: async (sent) => opened.send(sent),
    close: () => opened.close(),
  };
  return { end, events, [Symbol.asyncDispose]: () => end.close() };
}

export function bodyOf(delivery: Delivery | undefined): string {
  return delivery === undefined ? '(none)' : Buffer.from(delivery.frame.body ?? []).toString();
}

/** Reads exactly `count` deliveries, settling none. */
export function take(from: Source, count: number, withinMs = DEADLINE_MS): Promise<Delivery[]> {
  return takeFrom(from, count, undefined, withinMs);
}

/** What arrives until `count` deliveries are there, and within `quietMs` after them, all accepted. */
export async function drain(from: Source, count: number, quietMs: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  let signal = AbortSignal.timeout(count === 0 ? quietMs : patient(DEADLINE_MS));
  for (;;) {
    const read = await from.read({ messages: 256, bytes: 1024 * 1024 }, signal);
    if (read.length === 0) return taken;
    for (const delivery of read) delivery.settle(ACCEPT);
    const isShort = taken.length < count;
    taken.push(...read);
    if (isShort && taken.length >= count) signal = AbortSignal.timeout(quietMs);
  }
}

export function reported<Kind extends BusEvent['kind']>(
  events: readonly BusEvent[],
  kind: Kind,
): Extract<BusEvent, { kind: Kind }>[] {
  return events.filter((event): event is Extract<BusEvent, { kind: Kind }> => event.kind === kind);
}

export function untilReported<Kind extends BusEvent['kind']>(
  events: readonly BusEvent[],
  kind: Kind,
  count = 1,
  withinMs = DEADLINE_MS,
): Promise<Extract<BusEvent, { kind: Kind }>> {
  return waitFor(() => reported(events, kind)[count - 1], withinMs, `report ${count} of ${kind}`);
}

/** The first problem that was reported, due within 5 s. */
export async function firstProblem(events: readonly BusEvent[]): Promise<SluiceError> {
  return (await untilReported(events, 'problem', 1, 5000)).error;
}

export function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => String(from + index));
}
