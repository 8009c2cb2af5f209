import { beginsAt } from '../byte-text.ts';
import type { ReceivedMessage } from '../client/received-message.ts';

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

const ACK_PREFIX = Buffer.from('$JS.ACK.');
// $JS.ACK.STREAM.CONSUMER.deliveries.sequence.delivery.nanoseconds.pending, or with the domain and a hash of the
// account behind $JS.ACK, and perhaps more at the end (NATS ADR-15).
const SHORT_TOKENS = 9;
const SHORT_COUNTS_AT = 4;
const LONG_COUNTS_AT = 6;

const NO_PREFIX = new Uint8Array();
const DOT = 46;
const ZERO = 48;

/** Reads the reply subjects of one consumer, which share a prefix. Undefined for a status message, which has no ack subject. */
export function coordinateReader(): (message: ReceivedMessage) => Coordinates | undefined {
  let prefix: Uint8Array = NO_PREFIX;
  const numbers = [0, 0, 0, 0];
  return ({ buffer, replyFrom, replyTo }) => {
    if (prefix === NO_PREFIX || !beginsAt(buffer, replyFrom, replyTo, prefix)) {
      if (!beginsAt(buffer, replyFrom, replyTo, ACK_PREFIX)) return undefined;
      prefix = prefixOf(buffer.toString(undefined, replyFrom, replyTo));
    }
    let at = replyFrom + prefix.length;
    for (let index = 0; index < numbers.length; index += 1) {
      let value = 0;
      for (; at < replyTo; at += 1) {
        const code = buffer[at] ?? 0;
        if (code === DOT) break;
        value = value * 10 + code - ZERO;
      }
      at += 1;
      numbers[index] = value;
    }
    const [deliveries = 0, sequence = 0, deliverySequence = 0, timestampNs = 0] = numbers;
    return { deliveries, sequence, deliverySequence, timestampMs: Math.floor(timestampNs / 1e6) };
  };
}

function prefixOf(reply: string): Uint8Array {
  const tokens = reply.split('.');
  const at = tokens.length === SHORT_TOKENS ? SHORT_COUNTS_AT : LONG_COUNTS_AT;
  return Buffer.from(`${tokens.slice(0, at).join('.')}.`);
}
