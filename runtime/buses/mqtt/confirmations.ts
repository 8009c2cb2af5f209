import type { SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { IntMap } from '#kit/int-map.ts';

interface Open {
  readonly bytes: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: SluiceError) => void;
}

const MAX_PACKET_ID = 65_535;

/**
 * The sends of one connection that are not confirmed yet, by packet id. One timer for all: servers confirm in order
 * [MQTT-4.6.0-2], so that none at all for `timeoutMs` while some are awaited means that the connection is dead, while
 * the last of a full window on a slow link may well take longer than that.
 */
export class Confirmations {
  readonly #open = new IntMap<Open>();
  readonly #timeoutMs: number;
  readonly #onSilence: () => void;
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Beginning of the silence: the last confirmation, or the first send after quiet. */
  #silentSinceMs = 0;

  constructor(timeoutMs: number, onSilence: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onSilence = onSilence;
  }

  /** Confirmations awaited. */
  get size(): number {
    return this.#open.size;
  }

  /** A packet id that is not in use; 0 when all are. */
  nextId(): number {
    if (this.#open.size >= MAX_PACKET_ID) return 0;
    do this.#lastId = (this.#lastId % MAX_PACKET_ID) + 1;
    while (this.#open.has(this.#lastId));
    return this.#lastId;
  }

  /** Settles when `packetId` is confirmed, refused, or given up. */
  await(packetId: number, bytes: number): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (this.#open.size === 0) this.#silentSinceMs = performance.now();
      this.#open.add(packetId, { bytes, resolve, reject });
      this.#timer ??= setTimeout(() => this.#check(), this.#timeoutMs);
    });
  }

  /** The answer to `packetId`: a refusal, or none. */
  answer(packetId: number, refusal: SluiceError | undefined): void {
    const open = this.#open.delete(packetId);
    if (open === undefined) return;
    this.#silentSinceMs = performance.now();
    if (refusal === undefined) open.resolve('confirmed');
    else open.reject(refusal);
  }

  /** Packet id of the longest packet that is awaited. */
  longest(): number | undefined {
    let found: number | undefined;
    let most = -1;
    for (const [packetId, { bytes }] of this.#open.entries()) {
      if (bytes <= most) continue;
      most = bytes;
      found = packetId;
    }
    return found;
  }

  /** All are given up, in the order in which they were sent. */
  fail(error: SluiceError): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const given = this.#open.values();
    this.#open.clear();
    for (const { reject } of given) reject(error);
  }

  #check(): void {
    this.#timer = undefined;
    if (this.#open.size === 0) return;
    const leftMs = this.#silentSinceMs + this.#timeoutMs - performance.now();
    if (leftMs <= 0) this.#onSilence();
    else this.#timer = setTimeout(() => this.#check(), leftMs);
  }
}
