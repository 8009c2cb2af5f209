import type { Delivery } from '#contract/delivery.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import { patient } from '../harness/patience.ts';
import { type Recorded, recordedContext } from '../harness/recorded-context.ts';
import type { Fixture } from './fixture.ts';
import { sharedCheckpoint } from '../harness/checkpoint.ts';

const WINDOW: Demand = { messages: 256, bytes: 16 * 1024 * 1024 };

export function recorded(
  fixture: Fixture,
  direction: 'source' | 'sink',
  window: Demand = WINDOW,
  instance = '',
): Recorded {
  const checkpoint = sharedCheckpoint(`conformance ${direction}${instance}`);
  const given = { pipeline: 'conformance', route: 'test', window, checkpoint };
  return recordedContext(direction, given, fixture.patienceMs);
}

/** How often the end lost its connection. */
export function lossesOf({ events }: Recorded): number {
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
  readonly recorded: Recorded;
  /** Reads on until `enough` says so of everything read by this call. Rejects past the fixture's patience. */
  readUntil(enough: (read: readonly Delivery[]) => boolean, room?: Demand): Promise<Delivery[]>;
  /** Reads exactly so many: what comes beyond them stays for the next reading. */
  take(count: number): Promise<Delivery[]>;
  /** Reads until nothing has come for `quietMs`: for what must not happen, which has no event to wait for. */
  readUntilQuiet(quietMs: number, room?: Demand): Promise<Delivery[]>;
}

/** A source that is being opened, which may take as long as another one has the subscription. */
export interface OpeningSource {
  readonly recorded: Recorded;
  readonly opened: Promise<OpenSource>;
}

/** `instance`: of several bridges on one subscription, each with a state folder of its own. */
export function beginSource(fixture: Fixture, window: Demand = WINDOW, instance = ''): OpeningSource {
  const recording = recorded(fixture, 'source', window, instance);
  const opened = fixture.openSource(recording.context).then((source) => readings(fixture, source, recording, window));
  // Its error is for the code that awaits it, which may be later.
  opened.catch(() => {});
  return { recorded: recording, opened };
}

export function openSource(fixture: Fixture, window: Demand = WINDOW): Promise<OpenSource> {
  return beginSource(fixture, window).opened;
}

function readings(fixture: Fixture, source: Source, recording: Recorded, window: Demand): OpenSource {
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
    recorded: recording,
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
  readonly recorded: Recorded;
}

export async function openSink(fixture: Fixture): Promise<OpenSink> {
  const recording = recorded(fixture, 'sink');
  const sink = await fixture.openSink(recording.context);
  const close = once(() => sink.close());
  return { sink, recorded: recording, close, [Symbol.asyncDispose]: close };
}
