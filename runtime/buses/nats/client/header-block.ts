import type { MsgHdrs } from '@nats-io/transport-node';

/** A header object of the client that encodes to bytes made by the sink. One object for all publishes of a sink. */
export class HeaderBlock {
  readonly #carrier: MsgHdrs;
  #bytes: Uint8Array = new Uint8Array();

  /** `empty`: a header object of the client without other use. */
  constructor(empty: MsgHdrs) {
    this.#carrier = Object.assign(empty, { encode: () => this.#bytes });
  }

  /** Valid until the next call: the client encodes while it publishes. */
  holding(bytes: Uint8Array): MsgHdrs {
    this.#bytes = bytes;
    return this.#carrier;
  }
}
