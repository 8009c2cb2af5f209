/** Where a bridge under test runs, and how it counts. */
export interface BridgeSettings {
  readonly mqttUrl: string;
  readonly natsUrl: string;
  /** Unique per run: client ids, durables and subjects are made from it. */
  readonly name: string;
  /** Raised by the bridge for each message that it is done with. */
  readonly delivered: { count: number };
}

/** Starts a bridge; the function returned stops it. */
export type Bridge = (settings: BridgeSettings) => Promise<() => Promise<void>>;

export const CASES = ['mqtt-jetstream', 'jetstream-jetstream', 'core-core', 'memory-memory'] as const;
export type Case = (typeof CASES)[number];
