import { connectAsync, type IPublishPacket } from 'mqtt';
import { type Arrived, CONTENT_TYPE, LIFE_MS, type Sent } from './far-message.ts';
import type { MatrixEnd } from './matrix-end.ts';

const UNCONFIRMED = 1000;

type Properties = NonNullable<IPublishPacket['properties']>;

export function mqttEnd(url: string): MatrixEnd {
  return {
    connection: { bus: 'mqtt', url },
    from: (pair) => ({ topics: [`in/${pair}/+`], key: '{topic.2}' }),
    to: (pair) => ({ topic: `out/${pair}/{key}` }),
    prepareSource: () => Promise.resolve(),
    async publish(pair, messages) {
      const client = await connectAsync(url, { protocolVersion: 5 });
      for (let at = 0; at < messages.length; at += UNCONFIRMED) {
        const some = messages.slice(at, at + UNCONFIRMED);
        await Promise.all(
          some.map((message) =>
            client.publishAsync(`in/${pair}/${message.key}`, message.body, {
              qos: 1,
              properties: propertiesOf(message),
            }),
          ),
        );
      }
      await client.endAsync();
    },
    async listen(pair) {
      const arrived: Arrived[] = [];
      const client = await connectAsync(url, { protocolVersion: 5 });
      client.on('message', (topic, body, packet) => arrived.push(arrivedFrom(topic, body, packet.properties ?? {})));
      await client.subscribeAsync(`out/${pair}/+`, { qos: 1 });
      return { arrived, [Symbol.asyncDispose]: () => client.endAsync(true) };
    },
  };
}

function propertiesOf({ id, headers }: Sent): Properties {
  const userProperties = Object.fromEntries([...headers].map(([name, values]) => [name, [...values]]));
  return {
    userProperties: { ...userProperties, msgid: id },
    contentType: CONTENT_TYPE,
    messageExpiryInterval: LIFE_MS / 1000,
  };
}

function arrivedFrom(topic: string, body: Buffer, properties: Properties): Arrived {
  const { msgid, ...user } = { msgid: undefined, ...properties.userProperties };
  const left = properties.messageExpiryInterval;
  return {
    key: topic.split('/')[2] ?? '',
    body,
    headers: new Map(Object.entries(user).map(([name, value]) => [name, [value].flat().map(String)])),
    contentType: properties.contentType,
    id: msgid === undefined ? undefined : String(msgid),
    atMs: Date.now(),
    expiresAtMs: left === undefined ? undefined : Date.now() + left * 1000,
  };
}
