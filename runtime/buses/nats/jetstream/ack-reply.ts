/** Where a delivery of a JetStream consumer stands; the subject that acknowledges it says so. */
export interface Coordinates {
  /** Place in the stream. */
  readonly sequence: number;
  /** Place among all deliveries of the consumer since it was made or reset; counts up by one. */
  readonly deliverySequence: number;
  /** How often the consumer has delivered the message, this time included. */
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

/** Reads the replies of one consumer: they begin alike. Undefined for what acknowledges nothing: a word of the server's own. */
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
