/** Where the servers of a run are. Empty text where a case needs none. */
export interface Where {
  readonly source: string;
  readonly sink: string;
}

/** Where a bridge under test runs. */
export interface BridgeSettings {
  readonly where: Where;
  /** Unique per run: client ids, durables, groups and targets are made from it. */
  readonly name: string;
  /** Tag of the source, see test/brokers/test-bus.ts: every run of a bus that keeps what was read has the same. */
  readonly tag: string;
  /** Messages in flight at most; undefined: what the bridge takes by itself. */
  readonly window: number | undefined;
}

/** A bridge that runs. */
export interface RunningBridge {
  /** How many messages the bridge is done with. It is read seldom, so that reading it wakes no event loop to speak of. */
  delivered(): number;
  stop(): Promise<void>;
}

/** Starts a bridge. */
export type Bridge = (settings: BridgeSettings) => Promise<RunningBridge>;

/** A count that the parts of a hand-written bridge raise for each message that they are done with. */
export interface DeliveredCount {
  count: number;
}

/** A bridge written by hand; the function returned stops it. */
export type HandBridge = (settings: BridgeSettings, delivered: DeliveredCount) => Promise<() => Promise<void>>;

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

/** The buses of a case; undefined between memories. */
export function busesOf({ name, ends }: Case): Ends | undefined {
  return name === 'core-core' ? { from: 'nats', to: 'nats' } : ends;
}
