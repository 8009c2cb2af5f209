/** The position of a delivery of a JetStream consumer, as the subject that acknowledges it states. */
export interface Coordinates {
  /** Of the message in the stream. */
  readonly sequence: number;
  /** Of the delivery among all deliveries of the consumer since it was made or reset; counts up by one. */
  readonly deliverySequence: number;
  /** The deliveries of the message by the consumer, including this one. */
  readonly deliveries: number;
  readonly timestampMs: number;
}

const ACK_PREFIX = '$JS.ACK.';
// $JS.ACK.STREAM.CONSUMER.deliveries.sequence.delivery.nanoseconds.pending, or with the domain and a hash of the
// account behind $JS.ACK, and perhaps more at the end (NATS ADR-15).
const SHORT_TOKENS = 9;
const SHORT_COUNTS_AT = 4;
const LONG_COUNTS_AT = 6;

const DOT = 46;
const ZERO = 48;

/** Reads the reply subjects of one consumer, which share a prefix. Undefined for a status message, which has no ack subject. */
export function coordinateReader(): (reply: string) => Coordinates | undefined {
  let prefix = '\0';
  return (reply) => {
    if (!reply.startsWith(prefix)) {
      if (!reply.startsWith(ACK_PREFIX)) return undefined;
      const tokens = reply.split('.');
      const at = tokens.length === SHORT_TOKENS ? SHORT_COUNTS_AT : LONG_COUNTS_AT;
      prefix = `${tokens.slice(0, at).join('.')}.`;
    }
    let at = prefix.length;
    const number = (): number => {
      let value = 0;
      for (; at < reply.length && reply.charCodeAt(at) !== DOT; at += 1)
        value = value * 10 + reply.charCodeAt(at) - ZERO;
      at += 1;
      return value;
    };
    const deliveries = number();
    const sequence = number();
    const deliverySequence = number();
    return { deliveries, sequence, deliverySequence, timestampMs: Math.floor(number() / 1e6) };
  };
}
