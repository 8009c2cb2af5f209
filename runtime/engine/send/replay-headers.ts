import type { Frame } from '#contract/frame.ts';
import type { Envelope } from '../in-flight.ts';
import { withHeaders } from './with-headers.ts';

/** The headers that class audit adds to a message that is a possible repetition or stale. */
export type ReplayHeaders = Readonly<Record<string, string>>;

/**
 * `replayed`: `yes` when the source states a redelivery, `possible` when the message may have been delivered or sent
 * before. `stale`: a message of its key with a higher sequence was sent before. Undefined where neither holds.
 */
export function replayHeadersOf(
  { delivery, mayRepeat }: Envelope,
  sends: number,
  isStale: boolean,
): ReplayHeaders | undefined {
  const again = (delivery.attempt ?? 1) > 1;
  if (!again && !mayRepeat && sends <= 1 && !isStale) return undefined;
  return {
    ...(again ? { replayed: 'yes' } : mayRepeat || sends > 1 ? { replayed: 'possible' } : {}),
    ...(isStale ? { stale: 'yes' } : {}),
  };
}

export function withReplayHeaders(frame: Frame, mark: ReplayHeaders): Frame {
  const headers = new Map(frame.headers);
  for (const [name, value] of Object.entries(mark)) headers.set(name, [value]);
  return withHeaders(frame, headers);
}
