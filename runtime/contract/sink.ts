import type { Frame } from './frame.ts';

/** `duplicate`: the bus confirmed, but says that it already held a frame of this id. */
export type Receipt = 'confirmed' | 'duplicate';

/** What a sink is asked for at its start. */
export interface RecoveryQuery {
  /** How the ids of the route's own frames begin. */
  readonly prefix: string;
  /** So many of the newest of them suffice. */
  readonly most: number;
}

/** The newest frames of a route that its sink holds. */
export interface RecoveredLog {
  /** Each with the time, in milliseconds since 1970 (UTC), after which a frame of that id is made that is another one. */
  readonly ids: ReadonlyMap<string, number>;
  /** How many messages were looked at, those of others included. */
  readonly seen: number;
  /** Why there may be more of the route's than these, for an operator; undefined when there are not, or enough were found. */
  readonly lacks: string | undefined;
}

/** Where frames go. Reconnects on its own. The engine pipelines: it calls `send` again before earlier calls resolve. */
export interface Sink {
  /** How many sends may be unconfirmed at once. Read before every send, for a reconnect may change it. */
  readonly maxInFlight: number;
  /** How long after a send has failed the bus still removes the frame by its id, in milliseconds. Undefined: it does not. */
  readonly removesForMs?: number;
  /**
   * Hands the frame over in the order of the calls and resolves only once the bus has confirmed it, to the level that
   * its guarantees state: queued in a client is not sent. Rejects with a SluiceError within the driver's deadline:
   * scope `bus` when no message could pass now, scope `message` when this one did not, verdict `reject` when it never
   * can; ADDRESS_INVALID for an address that the bus's grammar finds a flaw in. May throw the same synchronously.
   *
   * First it writes the frame as bytes, then it hands them over: what is thrown synchronously, whatever it is, was
   * thrown before anything of the frame was handed over, and leaves nothing half made. The engine takes what is no
   * SluiceError for that frame's own fault (SINK_UNWRITABLE).
   *
   * Sends that end alike may share one promise. Never retries on its own: order across a failure is the engine's concern.
   */
  send(frame: Frame): Promise<Receipt>;
  /**
   * Only of a bus that keeps what it was sent, and shows it: ids of the newest frames of the route that lie where this
   * sink writes to. Asked before the first send, and after long outages; one call at a time. Newest first, within bounds of the driver's own that `lacks`
   * states; resolves with what was found so far when `signal` aborts. Rejects with a SluiceError that says what to grant
   * or change. Leaves nothing behind on the server.
   */
  recoverIds?(wanted: RecoveryQuery, signal: AbortSignal): Promise<RecoveredLog>;
  /** Lets the connection go, within the driver's own deadline. Sends still open reject with SINK_DOWN. */
  close(): Promise<void>;
}
