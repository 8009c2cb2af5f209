import { jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import { headers as newHeaders, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { type Arrived, CONTENT_TYPE, LIFE_MS, type Sent } from './far-message.ts';
import type { MatrixEnd } from './matrix-end.ts';

const UNFLUSHED = 1000;

function headersOf({ id, headers }: Sent): MsgHdrs {
  const made = newHeaders();
  for (const [name, values] of headers) for (const value of values) made.append(name, value);
  made.set('msgid', id);
  made.set('content-type', CONTENT_TYPE);
  made.set('expirytime', new Date(Date.now() + LIFE_MS).toISOString());
  return made;
}

function arrivedFrom({ subject, data, headers }: Msg | JsMsg): Arrived {
  const read = new Map((headers?.keys() ?? []).map((name) => [name, headers?.values(name) ?? []]));
  const take = (name: string): string | undefined => {
    const value = read.get(name)?.[0];
    read.delete(name);
    return value;
  };
  const expiry = take('expirytime');
  const id = take('msgid') ?? take('Nats-Msg-Id');
  const contentType = take('content-type');
  for (const name of read.keys()) if (name.startsWith('Nats-')) read.delete(name);
  return {
    key: subject.split('.').at(-1) ?? '',
    // The client's buffer goes on to be used.
    body: Buffer.from(data),
    headers: read,
    contentType,
    id,
    atMs: Date.now(),
    expiresAtMs: expiry === undefined ? undefined : Date.parse(expiry),
  };
}

async function publishAll(connection: NatsConnection, prefix: string, messages: readonly Sent[]): Promise<void> {
  for (const [at, message] of messages.entries()) {
    connection.publish(`${prefix}.${message.key}`, message.body, { headers: headersOf(message) });
    if (at % UNFLUSHED === 0) await connection.flush();
  }
  await connection.flush();
}

/** Core NATS. The subjects of the two ends on one server are apart. */
export function natsEnd(url: string): MatrixEnd {
  return {
    connection: { bus: 'nats', ...natsWords(url) },
    from: (pair) => ({ subjects: [`core.in.${pair}.*`], key: '{subject.3}' }),
    to: (pair) => ({ subject: `core.out.${pair}.{key}` }),
    prepareSource: () => Promise.resolve(),
    async publish(pair, messages) {
      const connection = await natsClient(url);
      await publishAll(connection, `core.in.${pair}`, messages);
      await connection.close();
    },
    async listen(pair) {
      const arrived: Arrived[] = [];
      const connection = await natsClient(url);
      connection.subscribe(`core.out.${pair}.*`, { callback: (_, message) => void arrived.push(arrivedFrom(message)) });
      await connection.flush();
      return { arrived, [Symbol.asyncDispose]: () => connection.close() };
    },
  };
}

export function jetstreamEnd(url: string): MatrixEnd {
  const create = async (name: string, subject: string): Promise<void> => {
    const connection = await natsClient(url);
    await (await jetstreamManager(connection)).streams.add({ name, subjects: [subject] });
    await connection.close();
  };
  return {
    connection: { bus: 'jetstream', ...natsWords(url) },
    from: (pair) => ({ stream: `IN-${pair}`, key: '{subject.3}' }),
    to: (pair) => ({ stream: `OUT-${pair}`, subject: `js.out.${pair}.{key}` }),
    prepareSource: (pair) => create(`IN-${pair}`, `js.in.${pair}.*`),
    async publish(pair, messages) {
      const connection = await natsClient(url);
      await publishAll(connection, `js.in.${pair}`, messages);
      await connection.close();
    },
    async listen(pair) {
      await create(`OUT-${pair}`, `js.out.${pair}.*`);
      const arrived: Arrived[] = [];
      const connection = await natsClient(url);
      const consumer = await jetstream(connection).consumers.get(`OUT-${pair}`);
      const reading = await consumer.consume({
        max_messages: 2000,
        callback: (message) => void arrived.push(arrivedFrom(message)),
      });
      return {
        arrived,
        async [Symbol.asyncDispose]() {
          reading.stop();
          await connection.close();
        },
      };
    },
  };
}
