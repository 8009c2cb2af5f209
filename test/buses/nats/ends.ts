import { afterEach } from 'node:test';
import type { Bus, BusContext, BusEvent } from '#contract/bus.ts';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { pause } from '#kit/deadline.ts';
import { nats as core } from '../../../runtime/buses/nats/core/index.ts';
import { jetstream as jetstreamBus } from '../../../runtime/buses/nats/jetstream/index.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';

export const DEADLINE_MS = 20_000;
export const WINDOW: Demand = { messages: 256, bytes: 16 * 1024 ** 2 };

/** A context that remembers what was reported. */
export interface RecordedContext extends BusContext {
  readonly events: BusEvent[];
  readonly stop: AbortController;
  /** Waits for a problem or notice of that code. */
  reported(code: string, deadlineMs?: number): Promise<string>;
}

export function recordedContext(overrides: Partial<BusContext> = {}): RecordedContext {
  const events: BusEvent[] = [];
  const stop = new AbortController();
  stops.add(stop);
  const codeOf = (event: BusEvent): string | undefined =>
    event.kind === 'problem' ? event.error.code : 'code' in event ? event.code : undefined;
  const textOf = (event: BusEvent): string =>
    event.kind === 'problem' ? event.error.message : 'code' in event ? event.text : event.detail;
  return {
    pipeline: 'fleet',
    route: 'positions',
    connection: 'hub',
    direction: 'source',
    window: WINDOW,
    isFenced: false,
    checkpoint: newCheckpoint(),
    signal: stop.signal,
    ...overrides,
    events,
    stop,
    report: (event) => events.push(event),
    async reported(code, deadlineMs = DEADLINE_MS) {
      const event = await waitFor(
        () => events.find((each) => codeOf(each) === code),
        deadlineMs,
        `a report of ${code}`,
      );
      return textOf(event);
    },
  };
}

export function frameOf(address: string, body: string, rest: Partial<Frame> = {}): Frame {
  return {
    address,
    key: undefined,
    headers: NO_HEADERS,
    headerTypes: undefined,
    body: Buffer.from(body),
    id: undefined,
    contentType: undefined,
    timestampMs: undefined,
    expiresAtMs: undefined,
    ...rest,
  };
}

/** A URL with an identity in it is taken as it is: the bus reads it there. */
export const connectionTo = (url: string | readonly string[]) => ({
  url,
  connectTimeout: '4s',
  keepAlive: '15s',
  create: false,
});

/** The same place over a link to its server. */
export function over(url: string, { port }: { readonly port: number }): string {
  const way = new URL(url);
  way.port = String(port);
  return way.href;
}

/** Reads until `count` deliveries are there, no more than the window allows; the test settles them, or `settle` does. */
export async function take(
  source: Source,
  count: number,
  settle: (delivery: Delivery) => void = () => {},
): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  const late = AbortSignal.timeout(patient(DEADLINE_MS));
  while (taken.length < count) {
    const read = await source.read({ ...WINDOW, messages: Math.min(WINDOW.messages, count - taken.length) }, late);
    if (late.aborted) throw new Error(`read ${taken.length} of ${count} deliveries within ${patient(DEADLINE_MS)} ms`);
    for (const delivery of read) settle(delivery);
    taken.push(...read);
  }
  return taken;
}

/** Reads and accepts. */
export function accept(source: Source, count: number): Promise<Delivery[]> {
  return take(source, count, (delivery) => delivery.settle(ACCEPT));
}

export const textOf = ({ frame }: Delivery): string => Buffer.from(frame.body ?? []).toString();

/** The receipt, or the code of the error, thrown or rejected. */
export async function outcomeOf(send: () => Promise<Receipt>): Promise<string> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

/**
 * Sends all frames, `window` at a time, and after a failure again from the first that failed, as the engine does.
 * `disturb` is called in the middle of each window. Returns how many windows failed.
 */
export async function goBackN(
  sink: Sink,
  frames: readonly Frame[],
  window: number,
  disturb: (base: number) => Promise<void>,
): Promise<number> {
  let failures = 0;
  for (let base = 0; base < frames.length;) {
    const sends = frames.slice(base, base + window).map((frame) => outcomeOf(() => sink.send(frame)));
    await disturb(base);
    const outcomes = await Promise.all(sends);
    const failed = outcomes.findIndex((outcome) => outcome !== 'confirmed' && outcome !== 'duplicate');
    base += failed === -1 ? outcomes.length : failed;
    if (failed === -1) continue;
    failures += 1;
    await pause(20);
  }
  return failures;
}

// What a failed test leaves open would keep its file from ending.
const open = new Set<{ close(): Promise<unknown> }>();
const stops = new Set<AbortController>();

afterEach(async () => {
  for (const stop of stops) stop.abort();
  await Promise.allSettled([...open].map((end) => end.close()));
  open.clear();
  stops.clear();
});

/** Closes it after the test, if the test does not. */
export function closing<T extends { close(): Promise<unknown> }>(end: T): T {
  open.add(end);
  return end;
}

function tracked<Connection, From, To>(bus: Bus<Connection, From, To>): Bus<Connection, From, To> {
  return {
    ...bus,
    openSource: async (options, context) => closing(await bus.openSource(options, context)),
    openSink: async (options, context) => closing(await bus.openSink(options, context)),
  };
}

export const nats = tracked(core);
export const jetstream = tracked(jetstreamBus);
