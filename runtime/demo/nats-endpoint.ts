import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type CoreEndpoint, newOrder, newTally } from './endpoint.ts';

/** The streams exist: the bridge, which connects first, has made them. */
export async function openNatsEndpoint(url: string): Promise<CoreEndpoint> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1 });
  const publisher = jetstream(connection);
  const { saw, ...tally } = newTally();
  let given = 0;
  connection.subscribe('tracks.*', {
    callback(failure, message) {
      if (failure === null) saw(message.headers?.get('seclabel'), message.string());
    },
  });
  await connection.flush();
  return {
    ...tally,
    ordersGiven: () => given,
    async order(unit) {
      try {
        await publisher.publish(`orders.${unit}`, JSON.stringify(newOrder(unit, given + 1)));
        given += 1;
      } catch {
        // Not confirmed, not counted: the next order tries again.
      }
    },
    close: () => connection.close(),
  };
}
