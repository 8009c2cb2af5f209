/** One thing that is remembered. */
export interface LedgerEntry {
  readonly id: string;
  /** The lane and sequence that were sent, where the route has a sequence. */
  readonly lane?: string | undefined;
  readonly sequence?: number | undefined;
}

/**
 * What a route remembers over restarts of what it has passed on: bounded in number, and in time where it says so. Beyond
 * its bounds the oldest is forgotten.
 */
export interface Ledger {
  has(id: string): boolean;
  /** Resolves once it is durable; rejects with STATE_UNUSABLE. `has` knows it at once. */
  add(entry: LedgerEntry): Promise<void>;
  /** The last sequence of each lane that is remembered. Read once, at the start. */
  sequences(): ReadonlyMap<string, number>;
}
