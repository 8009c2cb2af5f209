import type { Delivery } from './delivery.ts';
import type { SourceLag } from './source-lag.ts';

/** How much the engine can take at this moment. Both are at least 1. */
export interface Demand {
  readonly messages: number;
  readonly bytes: number;
}

/** How much a route may have unsettled. */
export interface WindowBounds extends Demand {
  /** The most messages of a route that settles fewer than twice as many in a second. Undefined: `messages`. */
  readonly slowMessages?: number | undefined;
}

/** The origin of deliveries. Reconnects on its own. Used by one route, one `read` at a time. */
export interface Source {
  /**
   * Waits for at least one delivery, then returns at once what is at hand, in order, within `demand`; a first frame larger
   * than `demand.bytes` is returned alone. Returns an empty list after `signal` aborts, and only then. Rejects only when
   * the bus is lost for good.
   */
  read(demand: Demand, signal: AbortSignal): Promise<readonly Delivery[]>;
  /**
   * How far each part of the source is behind, by the bus's own count. Absent where the bus counts nothing. Asked at intervals of
   * seconds, one call at a time; it must not delay a read. Empty while the source is not connected. May reject: then nothing is known.
   */
  lag?(): Promise<readonly SourceLag[]>;
  /** Flushes settlements and closes the connection, within the driver's own deadline. Unsettled deliveries stay with the bus. */
  close(): Promise<void>;
}
