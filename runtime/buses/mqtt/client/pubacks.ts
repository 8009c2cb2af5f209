import type { Duplex } from 'node:stream';
import { SettledPrefix } from '../../support/settled-prefix.ts';

/** A QoS 1 message between its PUBLISH and its PUBACK. */
export interface UnackedPublish {
  readonly packetId: number;
  /** The delivery's id: packet id and content. It distinguishes a redelivery from another message. */
  readonly id: string;
  readonly bytes: number;
  /** False while the engine holds it, and after it was given back. */
  isSettled: boolean;
  /** It became a dead letter. */
  isRejected: boolean;
  /** Of the connection over which it was received last. */
  pubacks: Pubacks;
}

/** For a dead letter. Version 5 has a reason for it, and the server still counts the message as delivered. */
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;

/**
 * The PUBACKs of one connection: sent in the order of the PUBLISH packets [MQTT-4.6.0-2], the settled prefix only, all
 * of a turn in one write. A message that is settled after `end` gets none: the server redelivers it (invariant 2).
 */
export class Pubacks {
  readonly #stream: Duplex;
  readonly #hasReasons: boolean;
  readonly #onSent: (publish: UnackedPublish) => void;
  readonly #prefix = new SettledPrefix<UnackedPublish>();
  #released: UnackedPublish[] = [];
  #isOver = false;

  constructor(stream: Duplex, hasReasons: boolean, onSent: (publish: UnackedPublish) => void) {
    this.#stream = stream;
    this.#hasReasons = hasReasons;
    this.#onSent = onSent;
  }

  /** Received over this connection and not acknowledged yet. */
  get size(): number {
    return this.#prefix.size;
  }

  /** Enters a message in the order of receipt. */
  enter(publish: UnackedPublish): void {
    publish.pubacks = this;
    this.#prefix.push(publish);
    // The message was settled after its earlier connection had ended: the PUBACK is still due.
    if (publish.isSettled) this.settled();
  }

  /** To be called when an entered message was settled. */
  settled(): void {
    this.#prefix.advance(this.#release);
  }

  /** Writes the PUBACKs that wait for the end of this turn. */
  flush(): void {
    const publishes = this.#released;
    if (publishes.length === 0 || this.#isOver) return;
    this.#released = [];
    const bytes = Buffer.allocUnsafe(publishes.length * 5);
    let at = 0;
    for (const publish of publishes) {
      const refuses = publish.isRejected && this.#hasReasons;
      bytes[at] = 0x40;
      bytes[at + 1] = refuses ? 3 : 2;
      bytes[at + 2] = publish.packetId >> 8;
      bytes[at + 3] = publish.packetId & 0xff;
      if (refuses) bytes[at + 4] = IMPLEMENTATION_SPECIFIC_ERROR;
      at += refuses ? 5 : 4;
      this.#onSent(publish);
    }
    this.#stream.write(bytes.subarray(0, at));
  }

  /** The connection ended. */
  end(): void {
    this.#isOver = true;
    this.#released = [];
  }

  readonly #release = (publish: UnackedPublish): void => {
    if (this.#isOver) return;
    if (this.#released.length === 0) setImmediate(() => this.flush());
    this.#released.push(publish);
  };
}
