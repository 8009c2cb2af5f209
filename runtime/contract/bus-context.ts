import type { LossCode, NoticeCode } from './event-codes.ts';
import type { SluiceError } from './errors.ts';
import type { Unspellable } from './carried-headers.ts';
import type { UnsyncedCheckpoint } from './unsynced-checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Demand } from './source.ts';

/** Events of an open connection. The runtime logs, counts and decides; a driver never does. */
export type BusEvent =
  | { readonly kind: 'connected'; readonly detail: string }
  /** One of several connections of this end was closed, because its server did not answer in time. It is opened again. */
  | { readonly kind: 'renewed'; readonly detail: string }
  /** `renewed`: the driver closed an open connection, because its server did not answer or did not deliver. */
  | { readonly kind: 'disconnected'; readonly detail: string; readonly renewed?: boolean }
  /**
   * The connection is up and this end does not work: something that it needs is missing, or messages wait at the server and
   * none arrive. `detail` names what it waits for. Lasts until `resumed`, over disconnections too.
   */
  | { readonly kind: 'suspended'; readonly detail: string }
  | { readonly kind: 'resumed'; readonly detail: string }
  /** The connection does not work: wrong password, host, certificate, a missing stream. The driver tries again. */
  | { readonly kind: 'problem'; readonly error: SluiceError }
  /** A fact for an operator, logged once: a lowered QoS, a changed consumer. `code` groups repetitions. */
  | { readonly kind: 'notice'; readonly code: NoticeCode; readonly text: string }
  /**
   * For a source: messages of the route are lost, or may be: the end of a log was cut off, a session is gone, a bound was
   * exceeded. Logged each time. `messages`: their number, or a bound of it (`text` says which); added up. Absent where the
   * number is unknown.
   */
  | { readonly kind: 'loss'; readonly code: LossCode; readonly text: string; readonly messages?: number };

/** The owner of a connection, and the functions for its driver. */
export interface BusContext {
  readonly pipeline: string;
  readonly route: string;
  /** The connection's name in the pipeline file. */
  readonly connection: string;
  /** `dead-letters`: a second sink of the route, for its dead letters. */
  readonly direction: 'source' | 'sink' | 'dead-letters';
  /** Bounds the unsettled deliveries: the client's prefetch is set from it, and the driver holds no more. */
  readonly window: Demand;
  /**
   * For a sink: whether no frame of an earlier connection of this end may reach the bus after a frame of a later connection,
   * because the route's class lets no older message of a key follow a newer one. A driver has nothing to do where the bus
   * reads each connection to its end before the next. For a source: whether the engine sends nothing of a delivery that is
   * revoked (see delivery.ts).
   */
  readonly isFenced: boolean;
  /** For a sink: the treatment of headers that its bus cannot spell, see carried-headers.ts. */
  readonly unspellable?: Unspellable;
  /** The checkpoint of this end, the same at every start. */
  readonly checkpoint: Checkpoint;
  /** For a source: what a killed process of it leaves to the next one. Absent: nothing. */
  readonly unsyncedCheckpoint?: UnsyncedCheckpoint;
  /** Aborts the opening of the connection: the promise rejects, and nothing is left behind. */
  readonly signal: AbortSignal;
  /** Never throws. */
  report(event: BusEvent): void;
}

/** The options of one end of a route in the pipeline file: those of its connection and its own. */
export interface EndOptions<Connection, End> {
  readonly connection: Connection;
  readonly end: End;
  /**
   * Options of every end of this pipeline over the same connection, including those of dead letters: a stream or queue that a
   * driver creates for one of them must serve all. Absent: this end alone.
   */
  readonly siblings?: readonly Readonly<Record<string, unknown>>[];
  /**
   * The connection's options with the present contents of the files that `file:` names. A driver calls it before each attempt
   * to connect, and takes identity and TLS from it; it may keep the servers. A file that cannot be used is reported as a
   * problem, and its earlier contents are returned. Never throws. Absent: no file is named.
   */
  readonly reread?: () => Connection;
}
