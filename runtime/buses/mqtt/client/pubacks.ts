import type { Duplex } from 'node:stream';
import { SettledPrefix } from '../../support/settled-prefix.ts';

/** A QoS 1 message between its PUBLISH and its PUBACK. */
export interface Claim {
  readonly packetId: number;
  /** The delivery's id: packet id and content, so that a redelivery of the same message can be told from another one. */
  readonly id: string;
  readonly bytes: number;
  /** How it ended; undefined while the engine holds it. */
  outcome: 'accept' | 'release' | 'reject' | undefined;
  /** Lets its PUBACK go, in the connection in which it arrived last. */
  confirm: () => void;
  /** That connection. */
  order: Pubacks;
}

/** The message was handed on to a dead letter: version 5 has a word for it, and the server forgets it all the same. */
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;

/**
 * The PUBACKs of one connection: sent in the order of the PUBLISH packets [MQTT-4.6.0-2], the settled prefix only, all
 * of a turn in one write. What ends behind `end` is dropped: the server redelivers it (invariant 2).
 */
export class Pubacks {
  readonly #stream: Duplex;
  readonly #hasReasons: boolean;
  readonly #onSent: (claim: Claim) => void;
  readonly #prefix = new SettledPrefix<Claim>((claim) => this.#release(claim));
  #released: Claim[] = [];
  #isOver = false;

  constructor(stream: Duplex, hasReasons: boolean, onSent: (claim: Claim) => void) {
    this.#stream = stream;
    this.#hasReasons = hasReasons;
    this.#onSent = onSent;
  }

  /** Arrived here and not acknowledged yet. */
  get size(): number {
    return this.#prefix.size;
  }

  /** The claim takes its place in the order of this connection. */
  enter(claim: Claim): void {
    claim.order = this;
    claim.confirm = this.#prefix.enter(claim);
    // Settled while its earlier connection was gone: the answer was owed.
    if (claim.outcome === 'accept' || claim.outcome === 'reject') claim.confirm();
  }

  /** Writes what waits for the end of this turn. */
  flush(): void {
    const claims = this.#released;
    if (claims.length === 0 || this.#isOver) return;
    this.#released = [];
    const bytes = Buffer.allocUnsafe(claims.length * 5);
    let at = 0;
    for (const claim of claims) {
      const refuses = claim.outcome === 'reject' && this.#hasReasons;
      bytes[at] = 0x40;
      bytes[at + 1] = refuses ? 3 : 2;
      bytes[at + 2] = claim.packetId >> 8;
      bytes[at + 3] = claim.packetId & 0xff;
      if (refuses) bytes[at + 4] = IMPLEMENTATION_SPECIFIC_ERROR;
      at += refuses ? 5 : 4;
      this.#onSent(claim);
    }
    this.#stream.write(bytes.subarray(0, at));
  }

  /** The connection is gone. */
  end(): void {
    this.#isOver = true;
    this.#released = [];
  }

  #release(claim: Claim): void {
    if (this.#isOver) return;
    if (this.#released.length === 0) process.nextTick(() => this.flush());
    this.#released.push(claim);
  }
}
