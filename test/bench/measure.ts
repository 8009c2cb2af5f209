import { setTimeout as sleep } from 'node:timers/promises';
import { type Counters, countersNow, peakRssMb } from './counters.ts';

/** What one run measured; the parent prints it. */
export interface Measured {
  readonly messagesPerSecond: number;
  readonly cpuUsPerMessage: number;
  /** Per 1,000 messages. */
  readonly writes: number | undefined;
  /** Per 1,000 messages. */
  readonly wakeUps: number;
  readonly peakRssMb: number;
}

interface Sample extends Counters {
  readonly count: number;
}

/**
 * How often the count is read. Each reading wakes the event loop once, for both makers alike: at 50,000 messages a second
 * 0.4 times per 1,000 messages.
 */
const POLL_MS = 50;
/** Slower than any bus here. */
const LEAST_PER_SECOND = 1000;

/**
 * Measures from the first reading that finds a message to the last one before all have come: the wait for the next one after
 * the end is no part of it. A run that is over within a few readings counts to its end.
 */
export async function measure(delivered: () => number, total: number): Promise<Measured> {
  const endsAt = Date.now() + 60_000 + (total / LEAST_PER_SECOND) * 1000;
  const read = (): Sample => ({ count: delivered(), ...countersNow() });
  let first: Sample | undefined;
  let before: Sample | undefined;
  let now = read();
  while (now.count < total) {
    if (now.count > 0) {
      first ??= now;
      before = now;
    }
    if (Date.now() > endsAt) throw new Error(`${now.count} of ${total} in time`);
    await sleep(POLL_MS);
    now = read();
  }
  if (first === undefined || before === undefined) throw new Error('too few messages to measure');
  return between(first, before.count - first.count > total / 2 ? before : now);
}

function between(first: Sample, last: Sample): Measured {
  const messages = last.count - first.count;
  const per1000 = (used: number): number => (used / messages) * 1000;
  return {
    messagesPerSecond: messages / ((last.atMs - first.atMs) / 1000),
    cpuUsPerMessage: (last.cpuUs - first.cpuUs) / messages,
    writes: last.writes === undefined || first.writes === undefined ? undefined : per1000(last.writes - first.writes),
    wakeUps: per1000(last.wakeUps - first.wakeUps),
    peakRssMb: peakRssMb(),
  };
}
