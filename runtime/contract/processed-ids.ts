import type { Delivery } from './delivery.ts';

/** One processed message. */
export interface ProcessedId {
  readonly id: string;
  /** The lane and sequence that were sent, where the route has a sequence. */
  readonly lane?: string | undefined;
  readonly sequence?: number | undefined;
}

/**
 * The durable ids of the messages that a route has processed: bounded in number, and in time where the owner says so. The
 * oldest are dropped at the bounds.
 */
export interface ProcessedIds {
  /** When the id was added last, in milliseconds since 1970 (UTC); undefined for an unknown id. */
  addedAtMs(id: string): number | undefined;
  /**
   * Resolves once the id is durable; rejects with STATE_UNUSABLE. `addedAtMs` returns it at once. `delivery`: the message that
   * has ended. If it was read from a spool that holds the ids too, one transaction stores the id and removes the message;
   * its `settle` is still to be called.
   */
  add(entry: ProcessedId, delivery?: Delivery): Promise<void>;
  /** The last sequence of each stored lane. Read once, at the start. */
  sequences(): ReadonlyMap<string, number>;
}

/**
 * The number of processed ids of a route whose class needs them: as large as the largest window, so as many as a bus can
 * redeliver unsettled messages.
 */
export const REMEMBERED_IDS = 65_536;
