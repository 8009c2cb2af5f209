import type { Frame } from '#contract/frame.ts';
import type { Job } from './job.ts';

/** What class audit says of a message that is out of the ordinary; undefined for one that is not. */
export type Mark = Readonly<Record<string, string>>;

/**
 * `replayed`: `yes` when the source says that it delivers again, `possible` when it, or an earlier sending, may have
 * arrived before. `stale`: a message of its key with a higher sequence was sent before it.
 */
export function markOf(job: Job, sends: number, isStale: boolean): Mark | undefined {
  const again = (job.delivery.attempt ?? 1) > 1;
  if (!again && !job.mayRepeat && sends <= 1 && !isStale) return undefined;
  return {
    ...(again ? { replayed: 'yes' } : job.mayRepeat || sends > 1 ? { replayed: 'possible' } : {}),
    ...(isStale ? { stale: 'yes' } : {}),
  };
}

export function marked(frame: Frame, mark: Mark): Frame {
  const headers = new Map(frame.headers);
  for (const [name, value] of Object.entries(mark)) headers.set(name, [value]);
  return { ...frame, headers };
}
