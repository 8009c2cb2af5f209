/** One thing that is remembered. */
export interface ProcessedIdEntry {
  readonly id: string;
  /** The lane and sequence that were sent, where the route has a sequence. */
  readonly lane?: string | undefined;
  readonly sequence?: number | undefined;
}

/**
 * What a route remembers over restarts of what it has passed on: bounded in number, and in time where it says so. Beyond
 * its bounds the oldest is forgotten.
 */
export interface ProcessedIds {
  /** When it was added last, in milliseconds since 1970 (UTC); undefined for one that is not remembered. */
  addedAtMs(id: string): number | undefined;
  /** Resolves once it is durable; rejects with STATE_UNUSABLE. `addedAtMs` knows it at once. */
  add(entry: ProcessedIdEntry): Promise<void>;
  /** The last sequence of each lane that is remembered. Read once, at the start. */
  sequences(): ReadonlyMap<string, number>;
}

/**
 * How many of the messages that ended a route remembers, where its class must know them: as many as any window holds, so
 * as many as a bus can deliver again of what was not settled.
 */
export const REMEMBERED_IDS = 65_536;
