import type { DeadLetter } from '../../runtime/contract/dead-letter.ts';
import { text } from '../../runtime/codecs/text.ts';
import type { ProcessedIds } from '../../runtime/contract/processed-ids.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import type { Source } from '../../runtime/contract/source.ts';
import { newCounters } from '../../runtime/engine/counters.ts';
import type { Observers, Policy, Route, SinkEnd, Stores } from '../../runtime/engine/route-parts.ts';
import { LogRecovery } from '../../runtime/engine/send/log-recovery.ts';
import type { RecoveredIds } from '../../runtime/engine/send/recovered-ids.ts';

/** What a test says of its route, in one list; the rest is plain. */
export interface RouteParts
  extends
    Partial<Omit<Policy, 'dedupe'>>,
    Partial<Omit<Stores, 'repeatKeys'>>,
    Partial<Omit<Observers, 'clock'>>,
    Partial<Omit<SinkEnd, 'sink' | 'log'>>,
    Pick<Observers, 'clock'> {
  readonly source: Source;
  readonly sink: Sink;
  /** Further sinks of the route. */
  readonly moreSinks?: readonly Sink[];
  /** The condition of each sink, where they differ. */
  readonly takesBySink?: readonly SinkEnd['takes'][];
  readonly dedupe?: (NonNullable<Policy['dedupe']> & { readonly processedIds: ProcessedIds }) | undefined;
  /** The ids that the log of the sink held at the start. */
  readonly recoveredIds?: RecoveredIds | undefined;
}

const POLICY = {
  pipeline: 'p',
  name: 'r',
  trafficClass: 'event',
  window: { messages: 16, bytes: 1_000_000 },
  maxBodyBytes: Number.POSITIVE_INFINITY,
  maxHops: 16,
  decoding: () => text,
  labels: undefined,
  key: (view) => view.address.split('/')[0] ?? '',
  needsKey: false,
  id: undefined,
  sequence: undefined,
  timestamp: undefined,
  expiresAfterMs: undefined,
  needsPublisherTime: false,
  dedupe: undefined,
  stages: [],
  attempts: 3,
  backoff: { firstMs: 100, capMs: 1000 },
  networkRetryMs: 60_000,
  drainPerSecond: undefined,
} as const satisfies Policy;

const END = {
  encoding: () => text,
  statesContentType: false,
  address: (view) => view.address,
  takes: undefined,
  idEnding: undefined,
  isSealed: false,
  headers: new Map(),
  droppedHeaders: [],
  ceiling: undefined,
  contentType: undefined,
} as const satisfies Omit<SinkEnd, 'sink' | 'log'>;

/** A route of text bodies, key from the first level, address kept; dead letters are collected. */
export function routeForTest(parts: RouteParts): { route: Route; letters: DeadLetter[] } {
  const letters: DeadLetter[] = [];
  const deadLetters = {
    record(letter: DeadLetter) {
      letters.push(letter);
      return Promise.resolve(undefined);
    },
  };
  const stores = { processedIds: undefined, repeatKeys: parts.dedupe?.processedIds, deadLetters, suspects: undefined };
  const observers: Observers = {
    counters: newCounters(),
    log: { info() {}, warn() {}, error() {} },
    tracer: undefined,
    eventLoopWatchdog: undefined,
    onFlow() {},
    onDeadLetters() {},
    ...parts,
  };
  const ends = [parts.sink, ...(parts.moreSinks ?? [])].map((sink, at): SinkEnd => {
    const log = parts.recoveredIds && recoveryOf(sink, parts.recoveredIds, observers);
    const own = {
      ...(at > 0 && { idEnding: `~to${at + 1}` }),
      ...(parts.takesBySink !== undefined && { takes: parts.takesBySink[at] }),
    };
    return { ...END, ...parts, ...own, sink, log };
  });
  const route = {
    ends: { source: parts.source, sinks: ends },
    policy: { ...POLICY, ...parts },
    stores: { ...stores, ...parts },
    observers,
  };
  return { route, letters };
}

function recoveryOf(sink: Sink, atStart: RecoveredIds, { clock, log, counters }: Observers): LogRecovery {
  const read = (): Promise<never> => Promise.reject(new Error('no test of a whole route reads the log again'));
  return new LogRecovery({ route: 'r', sink, removesForMs: undefined, atStart, read, clock, log, counters });
}

export { frameForTest } from '../harness/test-frame.ts';

/** Lets every promise settle that can settle now; time stands still. */
export async function settleNow(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
  }
}
