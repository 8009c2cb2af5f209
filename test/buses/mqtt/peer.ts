import { connectAsync, type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt';
import type { IPublishPacket } from 'mqtt-packet';

/** A client of the test's own at the other side of the server. */
export interface Peer extends AsyncDisposable {
  readonly client: MqttClient;
  /** What it got, in order. */
  readonly got: IPublishPacket[];
  /** Publishes each body to `topic`, in order. */
  publish(topic: string, bodies: readonly string[], options?: IClientPublishOptions): Promise<void>;
}

export async function peer(url: string, options: IClientOptions = {}, filter?: string): Promise<Peer> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  const got: IPublishPacket[] = [];
  client.on('message', (_topic, _body, packet) => got.push(packet));
  if (filter !== undefined) await client.subscribeAsync(filter, { qos: 1, rap: true });
  return {
    client,
    got,
    async publish(topic, bodies, how = { qos: 1 }) {
      for (let at = 0; at < bodies.length; at += 500) {
        await Promise.all(bodies.slice(at, at + 500).map((body) => client.publishAsync(topic, body, how)));
      }
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}
