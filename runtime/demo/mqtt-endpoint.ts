import { type CoreEndpoint, newOrder, newTally } from './endpoint.ts';
import { connectClient, publishJson } from './mqtt-client.ts';

export async function openMqttEndpoint(url: string): Promise<CoreEndpoint> {
  const client = await connectClient(url);
  const { saw, ...tally } = newTally();
  let given = 0;
  client.on('message', (_topic, payload) => {
    // The pipeline writes CloudEvents: the label stands beside the data.
    const event: { readonly seclabel?: string; readonly data?: unknown } = JSON.parse(payload.toString());
    saw(event.seclabel, JSON.stringify(event.data));
  });
  await client.subscribeAsync('tracks/+', { qos: 1 });
  return {
    ...tally,
    ordersGiven: () => given,
    async order(unit) {
      if (await publishJson(client, `orders/${unit}`, newOrder(unit, given + 1))) given += 1;
    },
    async close() {
      await client.endAsync(true);
    },
  };
}
