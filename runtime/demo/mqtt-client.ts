import { connectAsync, type MqttClient } from 'mqtt';

/** A client of the demo's own, outside the bridge: MQTT 3.1.1, QoS 1. */
export async function connectClient(url: string): Promise<MqttClient> {
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 500 });
  // The demo judges by the messages that arrive, so a broken connection shows there.
  client.on('error', () => {});
  return client;
}

/** Publishes; resolves with whether the broker confirmed. */
export function publishJson(client: MqttClient, topic: string, body: object | string): Promise<boolean> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return client.publishAsync(topic, text, { qos: 1 }).then(
    () => true,
    () => false,
  );
}
