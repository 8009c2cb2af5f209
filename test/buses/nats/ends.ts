import { afterEach } from 'node:test';
import type { Bus, BusContext } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Demand } from '#contract/source.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { pause } from '#kit/deadline.ts';
import { nats as core } from '../../../runtime/buses/nats/core/index.ts';
import { jetstream as jetstreamBus } from '../../../runtime/buses/nats/jetstream/index.ts';
import { outcomeOf as receiptOf } from '../../harness/outcome-of.ts';
import { type Recorded, recordedContext as recordedFor } from '../../harness/recorded-context.ts';

export const DEADLINE_MS = 20_000;
export const WINDOW: Demand = { messages: 256, bytes: 16 * 1024 ** 2 };

export { accept, take } from '../../harness/take.ts';
export { frameForTest, textOf } from '../../harness/test-frame.ts';

/** A context that remembers what was reported. */
export interface RecordedContext extends BusContext, Omit<Recorded, 'context'> {}

export function recordedContext(overrides: Partial<BusContext> = {}): RecordedContext {
  const fleet = { pipeline: 'fleet', route: 'positions', connection: 'hub', ...overrides };
  const { context, ...recorded } = recordedFor(overrides.direction ?? 'source', fleet, DEADLINE_MS);
  stops.add(recorded.stop);
  return { ...context, ...recorded };
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

/** The receipt, or the code of the error, thrown or rejected. */
export async function outcomeOf(send: () => Promise<Receipt>): Promise<string> {
  const outcome = await receiptOf(send);
  return outcome instanceof SluiceError ? outcome.code : outcome;
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
