import type { SpoolStore } from './spool-store.ts';

/**
 * The most lanes whose redeliveries are tracked. Beyond it a redelivered message may replace the newest of its lane, until
 * the next message of its key arrives.
 */
const MAX_LANES = 65_536;

/** Finds the redelivered messages that are committed already: their settlement did not reach the bus. */
export class Redeliveries {
  readonly #store: Pick<SpoolStore, 'commitOf' | 'nextCommit'>;
  /** By lane in which an unknown message was redelivered: redelivered messages of earlier commits must be stored again. */
  readonly #storeBelow = new Map<string, number>();

  constructor(store: Pick<SpoolStore, 'commitOf' | 'nextCommit'>) {
    this.#store = store;
  }

  /** A new message has arrived: the redeliveries of its lane are over. */
  end(lane: string): void {
    this.#storeBelow.delete(lane);
  }

  /**
   * If newer messages replace older ones, a redelivered message that is older than the remembered ids has replaced the
   * newer ones of its lane. Their redeliveries must then be stored again too: they were committed before it. With the next
   * connection they were committed after it, and are not stored again.
   */
  isCommitted(id: string, lane: string | undefined): boolean {
    const commit = this.#store.commitOf(id);
    if (lane === undefined) return commit !== undefined;
    const below = this.#storeBelow.get(lane);
    const mayTrack = below !== undefined || this.#storeBelow.size < MAX_LANES;
    if (commit === undefined) {
      if (mayTrack) this.#storeBelow.set(lane, below ?? this.#store.nextCommit);
      return false;
    }
    if (below !== undefined && commit < below) return false;
    // Older messages of this lane came before this one: no unknown message that follows is older.
    if (mayTrack) this.#storeBelow.set(lane, Number.NEGATIVE_INFINITY);
    return true;
  }
}
