import type { Database } from '#contract/database.ts';
import { SYSTEM_TIME, type Time } from './dead-letters/age-clock.ts';
import { type LogSync, logSyncOf } from './log-sync.ts';
import { monotonicNowMs } from './monotonic-clock.ts';

/** How a state folder tells the time, and how its writes wait for the disk. */
export interface StatePace {
  /** The time by which dead letters age. */
  readonly time: Time;
  /** The time of processed ids, in milliseconds since 1970 (UTC). It does not jump. */
  readonly monotonicNowMs: () => number;
  /** The least time between two commits: the writes of that time share one. */
  readonly groupMs: number | undefined;
  /** Syncs outside of the event loop; undefined: the event loop waits for the disk. */
  readonly syncing: (database: Database) => LogSync | undefined;
}

/** That of this machine. */
export const MACHINE_PACE: StatePace = { time: SYSTEM_TIME, monotonicNowMs, groupMs: undefined, syncing: logSyncOf };
