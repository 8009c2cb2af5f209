import type { Frame } from './frame.ts';

/** `duplicate`: the bus confirmed, but says that it already held a frame of this id. */
export type Receipt = 'confirmed' | 'duplicate';

/** The end of a log: what a sink holds can be read back from there. */
export interface SinkTail {
  /** How long the bus itself removes a frame whose id it holds, in milliseconds; 0 where it does not. */
  readonly removesForMs: number;
  /**
   * The ids that begin with `prefix` among the newest messages, at most `lookBack` of them, of the addresses that this
   * sink's template can make. Called by the runtime before the first send and after long outages, one call at a time.
   * Rejects when it cannot be read now.
   */
  read(prefix: string, lookBack: number, signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** Where frames go. Reconnects on its own. The engine pipelines: it calls `send` again before earlier calls resolve. */
export interface Sink {
  /** How many sends may be unconfirmed at once. Read before every send, for a reconnect may change it. */
  readonly maxInFlight: number;
  /** Where the bus is a log. Undefined where it is none, or where its end cannot be told from the template alone. */
  readonly tail?: SinkTail | undefined;
  /**
   * Hands the frame over in the order of the calls and resolves only once the bus has confirmed it, to the level that
   * its guarantees state: queued in a client is not sent. Rejects with a SluiceError within the driver's deadline:
   * scope `bus` when no message could pass now, scope `message` when this one did not, verdict `reject` when it never
   * can; ADDRESS_INVALID for an address that the bus's grammar finds a flaw in. May throw the same synchronously. Sends
   * that end alike may share one promise. Never retries on its own: order across a failure is the engine's concern.
   */
  send(frame: Frame): Promise<Receipt>;
  /** Lets the connection go, within the driver's own deadline. Sends still open reject with SINK_DOWN. */
  close(): Promise<void>;
}
