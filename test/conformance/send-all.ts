import { setTimeout as sleep } from 'node:timers/promises';
import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { withDeadline } from '#kit/deadline.ts';
import { patient } from '../harness/patience.ts';
import type { OpenSource } from './ends.ts';
import { frameOf, textOf } from './frame-of.ts';
import type { Fixture } from './fixture.ts';

const AGAIN_MS = 20;

/** One send, convicted when it hangs. Errors thrown at once are as good as rejections. */
export async function sendOne(fixture: Fixture, sink: Sink, frame: Frame): Promise<Receipt> {
  return withDeadline(sink.send(frame), patient(fixture.sendDeadlineMs), () => new Error('a send hung'));
}

/** How fast, and who hears how much of it is confirmed. */
interface Pace {
  /** Beside the sink's own. */
  readonly maxInFlight?: number;
  /** Called with the length of the confirmed prefix. */
  readonly onConfirmed?: (count: number) => void;
  /** Called for each send that failed by the bus's fault: it goes again. */
  readonly onFailure?: () => void;
}

/**
 * Sends all and in order whatever happens to the bus, as the engine does: pipelined, and after a failure everything in
 * flight is awaited and the first unconfirmed frame is where it goes on. Rejects on what is no fault of the bus.
 */
export async function sendAll(fixture: Fixture, sink: Sink, frames: readonly Frame[], pace: Pace = {}): Promise<void> {
  const endMs = performance.now() + patient(fixture.patienceMs);
  let first = 0;
  for (;;) {
    first = await burst(fixture, sink, frames, first, pace);
    if (first === frames.length) return;
    if (performance.now() > endMs) {
      throw new Error(`only ${first} of ${frames.length} frames were confirmed in time`);
    }
    await sleep(AGAIN_MS);
  }
}

/** Sends from `first` on until one fails. Answers the first that is unconfirmed. */
async function burst(
  fixture: Fixture,
  sink: Sink,
  frames: readonly Frame[],
  first: number,
  { maxInFlight = Number.POSITIVE_INFINITY, onConfirmed, onFailure }: Pace,
): Promise<number> {
  const confirmed = new Set<number>();
  const open = new Set<Promise<void>>();
  let stopped = false;
  let verdict: unknown;
  let prefix = first;
  const attempt = async (frame: Frame, at: number): Promise<void> => {
    try {
      await sendOne(fixture, sink, frame);
      confirmed.add(at);
      while (confirmed.has(prefix)) prefix += 1;
      onConfirmed?.(prefix);
    } catch (thrown) {
      stopped = true;
      if (asSluiceError(thrown).scope !== 'bus') verdict ??= thrown;
      else onFailure?.();
    }
  };
  for (const [at, frame] of frames.entries()) {
    if (at < first) continue;
    while (open.size >= Math.min(sink.maxInFlight, maxInFlight)) await Promise.race(open);
    if (stopped) break;
    const sent = attempt(frame, at).finally(() => open.delete(sent));
    open.add(sent);
  }
  await Promise.all(open);
  if (verdict !== undefined) throw new Error('a send failed with what is no fault of the bus', { cause: verdict });
  return prefix;
}

/** Buses that promise at most once forget who was away: what is sent before a subscription stands again is gone. */
export async function sendUntilSeen(fixture: Fixture, sink: Sink, reader: OpenSource, text: string): Promise<void> {
  const over = new AbortController();
  const sending = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await sendAll(fixture, sink, [frameOf(fixture, text)]);
      await sleep(AGAIN_MS);
    }
  };
  const reading = reader.readUntil((read) => read.some(({ frame }) => textOf(frame) === text));
  await Promise.all([reading.finally(() => over.abort()), sending()]);
}

/** Sends one frame until the bus took it or refused it; what is the bus's fault is tried again, as the engine does. */
export async function sendThrough(fixture: Fixture, sink: Sink, frame: Frame): Promise<Receipt> {
  const endMs = performance.now() + patient(fixture.patienceMs);
  for (;;) {
    try {
      return await sendOne(fixture, sink, frame);
    } catch (thrown) {
      if (asSluiceError(thrown).scope !== 'bus' || performance.now() > endMs) throw thrown;
    }
    await sleep(AGAIN_MS);
  }
}
