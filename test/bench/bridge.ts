/** Where the servers of a run are. Empty text where a case needs none. */
export interface Where {
  readonly source: string;
  readonly sink: string;
}

/** Where a bridge under test runs, and how it counts. */
export interface BridgeSettings {
  readonly where: Where;
  /** Unique per run: client ids, durables, groups and targets are made from it. */
  readonly name: string;
  /** Tag of the source, see test/brokers/test-bus.ts: every run of a bus that keeps what was read has the same. */
  readonly tag: string;
  /** Messages in flight at most; undefined: what the bridge takes by itself. */
  readonly window: number | undefined;
  /** Raised by the bridge for each message that it is done with. */
  readonly delivered: { count: number };
}

/** Starts a bridge; the function returned stops it. */
export type Bridge = (settings: BridgeSettings) => Promise<() => Promise<void>>;

/** Both ends of a pair: names of buses. */
export interface Ends {
  readonly from: string;
  readonly to: string;
}

/** What is measured. Without ends: core NATS to core NATS, or memory to memory. */
export interface Case {
  readonly name: string;
  readonly ends: Ends | undefined;
}
