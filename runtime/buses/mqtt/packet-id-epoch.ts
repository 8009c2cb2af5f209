import { randomBytes } from 'node:crypto';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';

const RING = 65_536;
const HALF = RING / 2;

/**
 * Packet ids wrap after 65,535 messages. The epoch distinguishes one round from the next, so that two messages of equal
 * content never share an id, and gives a redelivery the round of its first delivery, over restarts too. Servers number
 * their messages consecutively and redeliver in order, so a packet id belongs to the round in which it lies nearest to the
 * one before. Each half round is saved before a message of it is delivered.
 */
export class PacketIdEpoch {
  readonly #checkpoint: Checkpoint;
  readonly #onUnwritten: (error: SluiceError) => void;
  #session = '';
  /** The last packet id, counted on over all rounds. */
  #last = 0;
  /** The highest saved half round. */
  #half = -1;

  /** `onUnwritten`: the checkpoint could not be written; until it can, a crash may repeat messages. */
  constructor(checkpoint: Checkpoint, onUnwritten: (error: SluiceError) => void) {
    this.#checkpoint = checkpoint;
    this.#onUnwritten = onUnwritten;
  }

  /** Whether an earlier process had a session, by the checkpoint. Of use before the first connection of this process. */
  get hadSession(): boolean {
    return this.#session === '' && this.#read().length > 0;
  }

  /** A connection was made. Packet ids begin again with a new session. */
  connected(isSameSession: boolean): void {
    if (!isSameSession) return this.#begin();
    // Within the process the position is exact.
    if (this.#session !== '') return;
    const [session, half] = this.#read();
    if (session === undefined || !/^\d+$/.test(half ?? '')) return this.#begin();
    this.#session = session;
    this.#half = Number(half);
    // Unacknowledged messages lie in this half round, or within a window of its ends: nearer to its middle than in any other round.
    this.#last = this.#half * HALF + HALF / 2;
  }

  /** Session, round and packet id. To be called for every message, in the order of receipt. */
  name(packetId: number): string {
    const round = Math.max(0, Math.round((this.#last - packetId) / RING));
    this.#last = round * RING + packetId;
    const half = Math.floor(this.#last / HALF);
    if (half > this.#half) this.#write(half);
    return `${this.#session}${round.toString(36)}.${packetId.toString(16)}`;
  }

  #read(): readonly string[] {
    try {
      return this.#checkpoint.read()?.split(' ') ?? [];
    } catch (thrown) {
      this.#onUnwritten(asSluiceError(thrown));
      return [];
    }
  }

  #begin(): void {
    this.#session = `${randomBytes(4).toString('base64url')}.`;
    this.#last = 0;
    this.#write(0);
  }

  #write(half: number): void {
    this.#half = half;
    try {
      this.#checkpoint.write(`${this.#session} ${half}`);
    } catch (thrown) {
      this.#onUnwritten(asSluiceError(thrown));
    }
  }
}
