import type { SluiceError } from '#contract/errors.ts';
import type { SendResult } from '#contract/send-result.ts';
import { InFlightTable, type PendingSend } from '../support/in-flight-table.ts';
import { SilenceTimer } from '../support/silence-timer.ts';

const MAX_PACKET_ID = 65_535;

interface SentPacket extends PendingSend {
  readonly bytes: number;
}

/** The sends of one connection that are not confirmed yet, by packet id. Servers confirm in order [MQTT-4.6.0-2]. */
export class Confirmations {
  readonly #inFlight = new InFlightTable<SentPacket>();
  readonly #silence: SilenceTimer;
  #lastId = 0;

  constructor(timeoutMs: number, onSilence: () => void) {
    this.#silence = new SilenceTimer({ timeoutMs, onSilence, isAwaiting: () => this.#inFlight.size > 0 });
  }

  /** Confirmations awaited. */
  get size(): number {
    return this.#inFlight.size;
  }

  /** A packet id that is not in use; 0 when all are. */
  nextId(): number {
    if (this.#inFlight.size >= MAX_PACKET_ID) return 0;
    do this.#lastId = (this.#lastId % MAX_PACKET_ID) + 1;
    while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }

  /** `result` is told when `packetId` is confirmed, refused, or given up. */
  await(packetId: number, bytes: number, result: SendResult): void {
    this.#silence.sent();
    this.#inFlight.add(packetId, { bytes, result });
  }

  /** The server answered `packetId`: with `refusal`, or with a confirmation. */
  answer(packetId: number, refusal: SluiceError | undefined): void {
    if (!this.#inFlight.has(packetId)) return;
    this.#silence.answered();
    if (refusal === undefined) this.#inFlight.confirm(packetId, 'confirmed');
    else this.#inFlight.fail(packetId, refusal);
  }

  /** Packet id of the longest unconfirmed packet. */
  longest(): number | undefined {
    let found: number | undefined;
    let most = -1;
    for (const [packetId, { bytes }] of this.#inFlight.entries()) {
      if (bytes <= most) continue;
      most = bytes;
      found = packetId;
    }
    return found;
  }

  /** Fails all sends, in the order in which they were sent. */
  fail(error: SluiceError): void {
    this.#silence.stop();
    this.#inFlight.failAll(error);
  }
}
