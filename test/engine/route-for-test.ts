import { SequenceTracker } from '../../runtime/engine/history/sequence-tracker.ts';
import { ReusedIds } from '../../runtime/kit/reused-ids.ts';
import { newCounters } from '../../runtime/engine/counters.ts';
import type { Route } from '../../runtime/engine/route.ts';
import type { DeadLetter } from '../../runtime/contract/dead-letter.ts';
import { text } from '../../runtime/codecs/text.ts';

/** What a test says of its route; the rest is plain. */
export type RouteParts = Pick<Route, 'source' | 'sink' | 'clock'> & Partial<Route>;

/** A route of text bodies, key from the first level, address kept; dead letters are collected. */
export function routeForTest(parts: RouteParts): { route: Route; letters: DeadLetter[] } {
  const letters: DeadLetter[] = [];
  const route: Route = {
    pipeline: 'p',
    name: 'r',
    trafficClass: 'event',
    maxBodyBytes: Number.POSITIVE_INFINITY,
    decoding: () => text,
    encoding: () => text,
    statesContentType: false,
    key: (view) => view.address.split('/')[0] ?? '',
    needsKey: false,
    id: undefined,
    address: (view) => view.address,
    headers: new Map(),
    droppedHeaders: [],
    contentType: undefined,
    sequence: undefined,
    timestamp: undefined,
    maxHops: 16,
    expiresAfterMs: undefined,
    needsPublisherTime: false,
    drainPerSecond: undefined,
    processedIds: undefined,
    dedupe: undefined,
    sequences: new SequenceTracker(),
    reusedIds: new ReusedIds(),
    recoveredIds: undefined,
    stages: [],
    window: { messages: 16, bytes: 1_000_000 },
    attempts: 3,
    backoff: { firstMs: 100, capMs: 1000 },
    networkRetryMs: 60_000,
    deadLetters: {
      record(letter) {
        letters.push(letter);
        return Promise.resolve();
      },
    },
    counters: newCounters(),
    log: { info() {}, warn() {}, error() {} },
    tracer: undefined,
    suspects: undefined,
    eventLoopWatchdog: undefined,
    onFlow() {},
    onDeadLetters() {},
    ...parts,
  };
  return { route, letters };
}

export { frameForTest } from '../harness/test-frame.ts';

/** Lets every promise settle that can settle now; time stands still. */
export async function settleNow(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
  }
}
