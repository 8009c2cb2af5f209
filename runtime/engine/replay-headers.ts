import type { Frame } from '#contract/frame.ts';
import type { InFlight } from './in-flight.ts';

/** What class audit says of a message that is out of the ordinary; undefined for one that is not. */
export type ReplayHeaders = Readonly<Record<string, string>>;

/**
 * `replayed`: `yes` when the source says that it delivers again, `possible` when it, or an earlier sending, may have
 * arrived before. `stale`: a message of its key with a higher sequence was sent before it.
 */
export function replayHeadersOf(inFlight: InFlight, sends: number, isStale: boolean): ReplayHeaders | undefined {
  const again = (inFlight.delivery.attempt ?? 1) > 1;
  if (!again && !inFlight.mayRepeat && sends <= 1 && !isStale) return undefined;
  return {
    ...(again ? { replayed: 'yes' } : inFlight.mayRepeat || sends > 1 ? { replayed: 'possible' } : {}),
    ...(isStale ? { stale: 'yes' } : {}),
  };
}

export function withReplayHeaders(frame: Frame, mark: ReplayHeaders): Frame {
  const headers = new Map(frame.headers);
  for (const [name, value] of Object.entries(mark)) headers.set(name, [value]);
  return { ...frame, headers };
}
