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
// $JS.ACK.STREAM.CONSUMER.deliveries.sequence.delivery.nanoseconds.pending, from 2.12 on also with the domain and a
// hash of the account behind $JS.ACK, and perhaps more at the end (NATS ADR-15).
const SHORT_TOKENS = 9;
const SHORT_COUNTS_AT = 4;
const LONG_COUNTS_AT = 6;

/** Undefined for a subject that acknowledges nothing: the message is then a word of the server's own. */
export function coordinatesOf(reply: string): Coordinates | undefined {
  if (!reply.startsWith(ACK_PREFIX)) return undefined;
  const tokens = reply.split('.');
  const at = tokens.length === SHORT_TOKENS ? SHORT_COUNTS_AT : LONG_COUNTS_AT;
  return {
    deliveries: Number(tokens[at]),
    sequence: Number(tokens[at + 1]),
    deliverySequence: Number(tokens[at + 2]),
    timestampMs: Math.floor(Number(tokens[at + 3]) / 1e6),
  };
}
