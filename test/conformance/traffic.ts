import assert from 'node:assert/strict';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { messageOf } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { openSink, openSource } from './ends.ts';
import type { Recorded } from '../harness/recorded-context.ts';
import { frameOf, textOf } from './frame-of.ts';
import type { Fixture } from './fixture.ts';
import { FLAWLESS, OrderJudge } from './order.ts';
import { sendAll } from './send-all.ts';

// Few keys and long runs: many keys in turn hide a swap of neighbours.
const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'];
const RUN = 25;
/** So many deliveries are held unsettled behind the newest, so that a fault finds some. */
const HELD = 40;
/** Else some sinks would confirm all of them before the first fault. */
const MAX_IN_FLIGHT = 64;

/** What happens whenever a count passes one of its marks, one after the other. */
export interface Faults {
  pass(count: number): void;
  /** Resolves once all that were begun are over. */
  done(): Promise<void>;
}

export function faultsAt(marks: readonly number[], inject: () => Promise<void>): Faults {
  const left = [...marks];
  let injecting = Promise.resolve();
  return {
    pass(count) {
      if (left[0] === undefined || count < left[0]) return;
      left.shift();
      injecting = injecting.then(inject);
      // Heard by `done`.
      injecting.catch(() => {});
    },
    done: () => injecting,
  };
}

/** `rounds` runs of 25 frames of each of eight keys. */
function bursts(fixture: Fixture, rounds: number): Frame[] {
  const frames: Frame[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const key of KEYS) {
      for (let at = 1; at <= RUN; at += 1) {
        const number = round * RUN + at;
        frames.push(
          frameOf(fixture, `${key} ${number}`, { key, address: fixture.address(key), id: `${key}-${number}` }),
        );
      }
    }
  }
  return frames;
}

interface Traffic {
  /** Times 200 frames. */
  readonly rounds: number;
  /** By the count of confirmed frames. */
  readonly onConfirmed?: Faults;
  /** By the count of different frames read. */
  readonly onRead?: Faults;
  /** Called for each send that failed by the bus's fault. */
  readonly onFailure?: () => void;
}

/**
 * Sends and reads at once while it injects faults, and rejects when a frame is lost, or comes for the first time behind a
 * later one of its key where the bus promises order. Answers what both ends said meanwhile.
 */
export async function judgeTraffic(fixture: Fixture, traffic: Traffic): Promise<{ source: Recorded; sink: Recorded }> {
  await using reader = await openSource(fixture);
  await using writer = await openSink(fixture);
  const judge = new OrderJudge(KEYS, RUN * traffic.rounds);
  const total = KEYS.length * RUN * traffic.rounds;
  /** Delivery ids by frame id: two of them are two copies on the bus. */
  const copies = new Map<string, Set<string>>();
  const sending = sendAll(fixture, writer.sink, bursts(fixture, traffic.rounds), {
    maxInFlight: MAX_IN_FLIGHT,
    onConfirmed: (count) => traffic.onConfirmed?.pass(count),
    ...(traffic.onFailure !== undefined && { onFailure: traffic.onFailure }),
  });
  // Heard by `Promise.all` below; a failure of the reading must not leave it unheard.
  sending.catch(() => {});
  const held: Delivery[] = [];
  let judged = 0;
  const reading = reader.readUntil((read) => {
    for (; judged < read.length; judged += 1) {
      const delivery = read[judged];
      if (delivery === undefined) continue;
      const [key = '', number] = textOf(delivery.frame).split(' ');
      judge.see(key, Number(number));
      const frameId = delivery.frame.id ?? '';
      copies.set(frameId, (copies.get(frameId) ?? new Set()).add(delivery.id));
      held.push(delivery);
    }
    const done = judge.distinct === total;
    while (held.length > (done ? 0 : HELD)) held.shift()?.settle(ACCEPT);
    traffic.onRead?.pass(judge.distinct);
    return done;
  });
  await Promise.all([reading, sending]).catch(async (cause: unknown) => {
    // What goes on behind a verdict would disturb the next one.
    await Promise.allSettled([reading, sending, traffic.onConfirmed?.done(), traffic.onRead?.done()]);
    throw new Error(`traffic: ${JSON.stringify(judge.verdict())}: ${messageOf(cause)}`, { cause });
  });
  await Promise.all([traffic.onConfirmed?.done(), traffic.onRead?.done()]);
  const { inversions, ...rest } = judge.verdict();
  const isOrdered = fixture.source.ordered !== 'none' && fixture.sink.ordered !== 'none';
  assert.deepEqual({ ...rest, inversions: isOrdered ? inversions : 0 }, FLAWLESS);
  if (fixture.sink.deduplicates && fixture.source.carriesHeaders) {
    const twice = [...copies.values()].filter((ids) => ids.size > 1).length;
    assert.equal(twice, 0, `${twice} frames stand on the bus twice although it removes duplicates`);
  }
  return { source: reader.recorded, sink: writer.recorded };
}
