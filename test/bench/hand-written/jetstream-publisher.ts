import type { NatsConnection } from '@nats-io/transport-node';
import { createInbox, headers } from '@nats-io/transport-node';

/** The fast way to publish by hand: one inbox, a table of callbacks. Without the deadlines and failures that a bridge needs. */
export function publisher(
  connection: NatsConnection,
): (subject: string, body: Uint8Array, id: string, done: () => void) => void {
  const inbox = createInbox();
  const waiting = new Map<string, () => void>();
  let count = 0;
  connection.subscribe(`${inbox}.*`, {
    callback(_failure, { subject }) {
      const done = waiting.get(subject);
      waiting.delete(subject);
      done?.();
    },
  });
  return (subject, body, id, done) => {
    const reply = `${inbox}.${(count += 1)}`;
    const h = headers();
    h.set('Nats-Msg-Id', id);
    waiting.set(reply, done);
    connection.publish(subject, body, { reply, headers: h });
  };
}
