import type { RunningReplay } from '../host/replay/start-replay.ts';

/** Messages of a replay by their end, in this process. */
export interface ReplayCounts {
  readonly read: number;
  readonly delivered: number;
  /** Of those delivered: frames that the sink removed, because it held their ids. */
  readonly alreadyHeld: number;
  readonly dropped: number;
  readonly repeated: number;
  readonly superseded: number;
  readonly expired: number;
  readonly blocked: number;
  readonly deadLettered: number;
  /** Read and not ended: they are not settled at the source. */
  readonly held: number;
}

export const NOTHING_READ: ReplayCounts = {
  read: 0,
  delivered: 0,
  alreadyHeld: 0,
  dropped: 0,
  repeated: 0,
  superseded: 0,
  expired: 0,
  blocked: 0,
  deadLettered: 0,
  held: 0,
};

export function countsOf(running: RunningReplay): ReplayCounts {
  const { progress, tally } = running;
  const found = running.numbers();
  if (found === undefined) return NOTHING_READ;
  const { delivered, dropped, repeated, superseded, expired, blocked, deadLettered, held } = found;
  return {
    read: progress.read,
    delivered,
    alreadyHeld: tally.duplicates,
    dropped: dropped - repeated,
    repeated,
    superseded,
    expired,
    blocked,
    deadLettered,
    held,
  };
}
