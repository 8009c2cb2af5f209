import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { patient } from './patience.ts';

export interface StreamMessage {
  readonly subject: string;
  readonly body: string | Uint8Array;
  readonly headers?: MsgHdrs;
}

/** A stream drops what comes much faster than it stores, and tells nobody: so often its answer is waited for. */
const UNSTORED = 4000;
const STORED_MS = 20_000;

/**
 * Publishes so many messages to subjects of a stream, in order. Resolves once the stream has stored the last one: what a
 * server that is killed then has not, it never had.
 */
export async function publishStored(
  connection: NatsConnection,
  count: number,
  messageAt: (at: number) => StreamMessage,
): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const { subject, body, headers } = messageAt(at);
    const options = headers === undefined ? {} : { headers };
    const isWaitedFor = at % UNSTORED === UNSTORED - 1 || at === count - 1;
    if (isWaitedFor) await connection.request(subject, body, { ...options, timeout: patient(STORED_MS) });
    else connection.publish(subject, body, options);
  }
}
