import { connectAsync, type IClientPublishOptions } from 'mqtt';

/** A publisher of MQTT 5, QoS 1, outside the bridge. */
export interface Publisher extends AsyncDisposable {
  publish(topic: string, body: string | Buffer, properties?: IClientPublishOptions['properties']): Promise<void>;
}

export async function newPublisher(url: string): Promise<Publisher> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  client.on('error', () => {});
  return {
    async publish(topic, body, properties) {
      await client.publishAsync(topic, body, { qos: 1, ...(properties !== undefined && { properties }) });
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}
