import type { Delivery } from './delivery.ts';

/** How much the engine can take at this moment: its demand. Both at least 1. */
export interface Demand {
  readonly messages: number;
  readonly bytes: number;
}

/** Where deliveries come from. Reconnects on its own. Used by one pump, one `read` at a time. */
export interface Source {
  /**
   * Waits for at least one delivery, then returns at once what is at hand, in order, within `room`; a first frame
   * larger than `room.bytes` is returned alone rather than never. Returns an empty list after `signal` aborts, and
   * only then. Rejects only when the bus is lost for good.
   */
  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]>;
  /** Flushes settlements and lets the connection go, within the driver's own deadline. Unsettled deliveries stay with the bus. */
  close(): Promise<void>;
}
