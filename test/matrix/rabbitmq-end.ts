import { type ConsumeMessage, connect, type Options } from 'amqplib';
import { type Arrived, CONTENT_TYPE, LIFE_MS, type Sent } from './far-message.ts';
import type { MatrixEnd } from './matrix-end.ts';

const UNCONFIRMED = 1000;

export function rabbitmqEnd(url: string): MatrixEnd {
  /** A quorum queue behind a topic exchange of the pair's own. */
  const create = async (name: string): Promise<void> => {
    const connection = await connect(url);
    const channel = await connection.createChannel();
    await channel.assertExchange(name, 'topic');
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(name, name, '#');
    await connection.close();
  };
  return {
    connection: { bus: 'rabbitmq', url },
    from: (pair) => ({ queue: `in-${pair}`, key: '{routingKey.1}' }),
    to: (pair) => ({ exchange: `out-${pair}`, routingKey: `${pair}.{key}` }),
    prepareSource: (pair) => create(`in-${pair}`),
    async publish(pair, messages) {
      const connection = await connect(url);
      const channel = await connection.createConfirmChannel();
      for (const [at, message] of messages.entries()) {
        channel.publish(`in-${pair}`, `${pair}.${message.key}`, message.body, propertiesOf(message));
        if (at % UNCONFIRMED === 0) await channel.waitForConfirms();
      }
      await channel.waitForConfirms();
      await connection.close();
    },
    async listen(pair) {
      await create(`out-${pair}`);
      const arrived: Arrived[] = [];
      const connection = await connect(url);
      const channel = await connection.createChannel();
      await channel.consume(
        `out-${pair}`,
        (message) => {
          if (message !== null) arrived.push(arrivedFrom(message));
        },
        { noAck: true },
      );
      return { arrived, [Symbol.asyncDispose]: () => connection.close() };
    },
  };
}

function propertiesOf({ id, headers }: Sent): Options.Publish {
  return {
    persistent: true,
    messageId: id,
    contentType: CONTENT_TYPE,
    expiration: LIFE_MS,
    // A table holds a name once: what is repeated is a list.
    headers: Object.fromEntries(
      [...headers].map(([name, values]) => [name, values.length === 1 ? values[0] : [...values]]),
    ),
  };
}

function arrivedFrom({ fields, content, properties }: ConsumeMessage): Arrived {
  const headers = new Map(Object.entries(properties.headers ?? {}));
  headers.delete('expirytime');
  const ttl = Number(properties.expiration);
  return {
    key: fields.routingKey.split('.')[1] ?? '',
    body: content,
    headers: new Map([...headers].map(([name, value]) => [name, [value].flat().map(String)])),
    contentType: textOr(properties.contentType),
    id: textOr(properties.messageId),
    atMs: Date.now(),
    expiresAtMs: Number.isFinite(ttl) ? Date.now() + ttl : undefined,
  };
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
