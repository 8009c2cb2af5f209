import { type CoreEndpoint, newOrder } from './endpoint.ts';
import { connectClient, publishJson } from './mqtt-client.ts';

export async function openMqttEndpoint(url: string): Promise<CoreEndpoint> {
  const client = await connectClient(url);
  let tracks = 0;
  let latest: string | undefined;
  let given = 0;
  client.on('message', (_topic, payload) => {
    tracks += 1;
    latest = payload.toString();
  });
  await client.subscribeAsync('tracks/+', { qos: 1 });
  return {
    tracks: () => tracks,
    latest: () => latest,
    ordersGiven: () => given,
    async order(unit) {
      if (await publishJson(client, `orders/${unit}`, newOrder(unit, given + 1))) given += 1;
    },
    async close() {
      await client.endAsync(true);
    },
  };
}
