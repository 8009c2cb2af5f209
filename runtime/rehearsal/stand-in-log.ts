import type { Frame } from '#contract/frame.ts';
import type { Guarantees } from '#contract/bus.ts';
import type { LoggedTime, Receipt, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';

/** How long a bus that removes duplicates remembers an id: the default of JetStream. */
export const REMOVES_FOR_MS = 120_000;

/** A frame that the bus of a sink has. */
export interface StoredFrame {
  readonly frame: Frame;
  /** Name of the connection. */
  readonly sink: string;
  /** The sink as its route names it: `orders`, or `orders.2` for the second of a list. */
  readonly route: string;
  /** A dead letter whose route sends it to a bus. */
  readonly isLetter: boolean;
  /** In virtual time since the start. */
  readonly atMs: number;
  /** Over all stand-ins of a rehearsal. */
  readonly order: number;
}

/** What the bus behind a connection has confirmed or stored, in order. */
export class StandInLog {
  readonly #nowMs: () => number;
  readonly #ids = new Map<string, number>();
  readonly stored: StoredFrame[] = [];
  /** Frames that had expired when they were handed over (invariant 8). */
  readonly expired: StoredFrame[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `duplicate`: the bus removes it by its id. */
  store(one: StoredFrame, { deduplicates }: Pick<Guarantees, 'deduplicates'>): Receipt {
    const { id, expiresAtMs } = one.frame;
    const nowMs = this.#nowMs();
    if (expiresAtMs !== undefined && expiresAtMs < nowMs) this.expired.push(one);
    if (deduplicates && id !== undefined) {
      const seenMs = this.#ids.get(id);
      if (seenMs !== undefined && nowMs - seenMs < REMOVES_FOR_MS) return 'duplicate';
      this.#ids.set(id, nowMs);
    }
    this.stored.push(one);
    return 'confirmed';
  }

  /** As a driver reads the end of its log. */
  recover({ prefix, most }: RecoveryQuery, { stamps }: Pick<Guarantees, 'stamps'>, startMs: number): RecoveredLog {
    const ids = new Map<string, LoggedTime>();
    let seen = 0;
    for (let at = this.stored.length - 1; at >= 0 && ids.size < most; at -= 1) {
      const { frame, atMs } = this.stored[at] ?? {};
      seen += 1;
      if (frame?.id === undefined || !frame.id.startsWith(prefix) || ids.has(frame.id)) continue;
      const storedMs = startMs + (atMs ?? 0);
      const ownMs = frame.timestampMs ?? storedMs;
      ids.set(frame.id, stamps === 'server' ? { latestMs: storedMs } : { latestMs: ownMs, ownMs });
    }
    return { ids, seen, lacks: undefined };
  }
}
