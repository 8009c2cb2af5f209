import type { Frame } from './frame.ts';
import type { Receipt, SendResult } from './send-result.ts';

export type { Receipt } from './send-result.ts';

/** Which ids a log recovery looks for. */
export interface RecoveryQuery {
  /** The prefix of the ids of the route's frames. */
  readonly prefix: string;
  /** How many of the newest ids suffice. */
  readonly most: number;
}

/** What a log says of when a frame was made, in milliseconds since 1970 (UTC). */
export interface LoggedTime {
  /** A frame of that id that was made after it is another one. */
  readonly latestMs: number;
  /** The frame's own time as it was sent. Absent where the bus wrote a time of its own into the log instead. */
  readonly ownMs?: number | undefined;
}

/** The newest frames of a route in its sink's log. */
export interface RecoveredLog {
  readonly ids: ReadonlyMap<string, LoggedTime>;
  /** How many messages were read, including those of other publishers. */
  readonly seen: number;
  /** Why frames of the route may be missing here, for an operator; undefined when none can be, or enough were found. */
  readonly lacks: string | undefined;
}

/** The destination of frames. Reconnects on its own. The engine pipelines: it calls `send` before earlier calls resolve. */
export interface Sink {
  /** How many sends may be unconfirmed at once. Read before every send: a reconnect may change it. */
  readonly maxInFlight: number;
  /** How long after a failed send the bus removes a duplicate of the frame, in milliseconds. Undefined: it does not. */
  readonly removesForMs?: number;
  /**
   * Hands the frame over in the order of the calls and resolves only once the bus has confirmed it, to the level that
   * its guarantees state: queued in a client is not sent. Rejects with a SluiceError within the driver's deadline:
   * scope `bus` when no message could pass now, scope `message` when this one did not, verdict `reject` when it never
   * can; ADDRESS_INVALID for an address that the bus's grammar finds a flaw in. May throw the same synchronously.
   *
   * It encodes the frame first and hands the bytes over afterwards: anything that is thrown synchronously was thrown
   * before a byte was handed over, and leaves nothing incomplete. An error that is no SluiceError counts as the frame's
   * own fault (SINK_UNWRITABLE).
   *
   * Sends with one result may share one promise. Never retries on its own: the engine keeps the order over a failure.
   */
  send(frame: Frame): Promise<Receipt>;
  /**
   * As `send`, without a promise. For a driver that has a result for each frame: a promise and its callbacks are 0.5 kB a message
   * that live until the bus confirms it. Where the results of many frames are one, `send` with a shared promise costs less.
   */
  sendTo?(frame: Frame, result: SendResult): void;
  /**
   * Only for a bus that is a log: the ids of the newest frames of the route in the places that this sink writes to. Called
   * before the first send and after long outages, one call at a time. Newest first, within the driver's own bounds, which
   * `lacks` states. Resolves with the result so far when `signal` aborts. Rejects with a SluiceError that says what to
   * grant or change. Leaves nothing behind on the server.
   */
  recoverIds?(wanted: RecoveryQuery, signal: AbortSignal): Promise<RecoveredLog>;
  /** Lets the connection go, within the driver's own deadline. Sends still open reject with SINK_DOWN. */
  close(): Promise<void>;
}
