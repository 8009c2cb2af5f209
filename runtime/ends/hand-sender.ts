import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import { pause } from '#kit/deadline.ts';

/** More than so many unconfirmed messages make no bus faster. */
const MOST_IN_FLIGHT = 256;

/** What has become of the messages so far. */
export interface SendCounts {
  /** Handed to the connection. */
  sent: number;
  confirmed: number;
  /** Of the confirmed ones: the bus had a message of that id already. */
  duplicates: number;
  /** Neither confirmed nor refused: the bus may have them. */
  unknown: number;
}

/** The end of a sending. */
export interface Sending {
  readonly counts: SendCounts;
  /** Why it ended early, and the number of that message, from 1. */
  readonly failure: { readonly error: SluiceError; readonly message: number } | undefined;
}

export interface SendPace {
  /** Infinity: as fast as the bus confirms. */
  readonly ratePerSecond: number;
  /** Ends the sending; what is in flight is still waited for. */
  readonly signal: AbortSignal;
  readonly onProgress?: (counts: SendCounts) => void;
}

/**
 * Sends in order, several unconfirmed at a time, and stops at the first that is not confirmed: a person sends again what is missing, and
 * knows from which message on. Never rejects for a message; rejects with what `messages` throws.
 */
export async function sendAll(
  messages: AsyncIterable<Frame> | Iterable<Frame>,
  sink: Sink,
  { ratePerSecond, signal, onProgress = () => {} }: SendPace,
): Promise<Sending> {
  const counts: SendCounts = { sent: 0, confirmed: 0, duplicates: 0, unknown: 0 };
  const open = new Set<Promise<void>>();
  let failure: Sending['failure'];
  const startMs = performance.now();
  const fail = (thrown: unknown, message: number): void => {
    const error = asSluiceError(thrown);
    if (error.verdict === 'retry') counts.unknown += 1;
    // The first of the messages, not of the answers.
    if (failure === undefined || message < failure.message) failure = { error, message };
  };
  const send = async (frame: Frame, message: number): Promise<void> => {
    try {
      const receipt = await sink.send(frame);
      counts.confirmed += 1;
      if (receipt === 'duplicate') counts.duplicates += 1;
    } catch (thrown) {
      fail(thrown, message);
    }
    onProgress(counts);
  };
  try {
    for await (const frame of messages) {
      const dueMs = startMs + (counts.sent * 1000) / ratePerSecond;
      if (dueMs > performance.now()) await pause(dueMs - performance.now(), signal);
      while (open.size >= Math.min(MOST_IN_FLIGHT, sink.maxInFlight)) await Promise.race(open);
      if (signal.aborted || failure !== undefined) break;
      counts.sent += 1;
      const sending = send(frame, counts.sent).finally(() => open.delete(sending));
      open.add(sending);
    }
  } finally {
    await Promise.all(open);
  }
  return { counts, failure };
}
