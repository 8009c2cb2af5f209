import type { BusContext, BusEvent } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Fixture } from './fixture.ts';
import { sharedCheckpoint } from '../harness/checkpoint.ts';

const WINDOW: Demand = { messages: 256, bytes: 16 * 1024 * 1024 };

/** An end's context, and what the end reported through it. */
export interface Ear {
  readonly context: BusContext;
  readonly events: readonly BusEvent[];
  readonly controller: AbortController;
  /** Waits until the end has reported this since the call. */
  hears(kind: BusEvent['kind']): Promise<void>;
}

export function ear(fixture: Fixture, direction: 'source' | 'sink', window: Demand = WINDOW, instance = ''): Ear {
  const events: BusEvent[] = [];
  const controller = new AbortController();
  return {
    events,
    controller,
    context: {
      pipeline: 'conformance',
      route: 'test',
      connection: 'tested',
      direction,
      window,
      isFenced: false,
      checkpoint: sharedCheckpoint(`conformance ${direction}${instance}`),
      signal: controller.signal,
      report: (event) => events.push(event),
    },
    async hears(kind) {
      const from = events.length;
      await waitFor(
        () => events.slice(from).some((event) => event.kind === kind),
        fixture.patienceMs,
        `the ${direction} to report ${kind}`,
      );
    },
  };
}

/** How often the end lost its connection. */
export function lossesOf({ events }: Ear): number {
  return events.filter(({ kind }) => kind === 'disconnected').length;
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => (closing ??= close());
}

/** A source that is open, and readings of it with deadlines. */
export interface OpenSource extends AsyncDisposable {
  readonly source: Source;
  /** Once, however often it is called. */
  readonly close: () => Promise<void>;
  readonly ear: Ear;
  /** Reads on until `enough` says so of everything read by this call. Rejects past the fixture's patience. */
  readUntil(enough: (read: readonly Delivery[]) => boolean, room?: Demand): Promise<Delivery[]>;
  /** Reads exactly so many: what comes beyond them stays for the next reading. */
  take(count: number): Promise<Delivery[]>;
  /** Reads until nothing has come for `quietMs`: for what must not happen, which has no event to wait for. */
  readUntilQuiet(quietMs: number, room?: Demand): Promise<Delivery[]>;
}

/** A source that is being opened, which may take as long as another one has the subscription. */
export interface OpeningSource {
  readonly ear: Ear;
  readonly opened: Promise<OpenSource>;
}

/** `instance`: of several bridges on one subscription, each with a state folder of its own. */
export function beginSource(fixture: Fixture, window: Demand = WINDOW, instance = ''): OpeningSource {
  const heard = ear(fixture, 'source', window, instance);
  const opened = fixture.openSource(heard.context).then((source) => readings(fixture, source, heard, window));
  // Heard by whoever waits for it, which may be later.
  opened.catch(() => {});
  return { ear: heard, opened };
}

export function openSource(fixture: Fixture, window: Demand = WINDOW): Promise<OpenSource> {
  return beginSource(fixture, window).opened;
}

function readings(fixture: Fixture, source: Source, heard: Ear, window: Demand): OpenSource {
  const close = once(() => source.close());
  const readUntil = async (
    enough: (read: readonly Delivery[]) => boolean,
    roomLeft: (read: readonly Delivery[]) => Demand,
  ): Promise<Delivery[]> => {
    const deadline = AbortSignal.timeout(patient(fixture.patienceMs));
    const read: Delivery[] = [];
    while (!enough(read)) {
      const batch = await source.read(roomLeft(read), deadline);
      if (batch.length === 0) throw new Error(`only ${read.length} deliveries came in time`);
      read.push(...batch);
    }
    return read;
  };
  return {
    source,
    ear: heard,
    readUntil: (enough, room = window) => readUntil(enough, () => room),
    take: (count) =>
      readUntil(
        (read) => read.length >= count,
        (read) => ({ messages: count - read.length, bytes: window.bytes }),
      ),
    async readUntilQuiet(quietMs, room = window) {
      const read: Delivery[] = [];
      for (;;) {
        const batch = await source.read(room, AbortSignal.timeout(quietMs));
        if (batch.length === 0) return read;
        read.push(...batch);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A sink that is open. */
export interface OpenSink extends AsyncDisposable {
  readonly sink: Sink;
  /** Once, however often it is called. */
  readonly close: () => Promise<void>;
  readonly ear: Ear;
}

export async function openSink(fixture: Fixture): Promise<OpenSink> {
  const heard = ear(fixture, 'sink');
  const sink = await fixture.openSink(heard.context);
  const close = once(() => sink.close());
  return { sink, ear: heard, close, [Symbol.asyncDispose]: close };
}
