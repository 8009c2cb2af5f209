import type { MsgHdrs } from '@nats-io/transport-node';

/** A header object of the client's that is published as bytes made elsewhere. One for all publishes of a sink. */
export class HeaderBlock {
  readonly #carrier: MsgHdrs;
  #bytes: Uint8Array = new Uint8Array();

  /** `empty`: a header object of the client's, used for nothing else. */
  constructor(empty: MsgHdrs) {
    this.#carrier = Object.assign(empty, { encode: () => this.#bytes });
  }

  /** Valid until the next call: the client encodes while it publishes. */
  holding(bytes: Uint8Array): MsgHdrs {
    this.#bytes = bytes;
    return this.#carrier;
  }
}
