import type { JsMsg } from '@nats-io/jetstream';
import { headers as newHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Headers } from '../../runtime/contract/frame.ts';
import { natsClient } from '../harness/nats-client.ts';
import { publishStored } from '../harness/publish-stored.ts';
import { type Arrived, arrivedOf, batches, metaHeaders, type Outgoing } from './test-bus.ts';

const UNFLUSHED = 1000;

export function natsHeaders(headers: Headers): MsgHdrs {
  const made = newHeaders();
  for (const [name, values] of headers) for (const value of values) made.append(name, value);
  return made;
}

export function headerMap(headers: MsgHdrs | undefined): Map<string, readonly string[]> {
  return new Map((headers?.keys() ?? []).map((name) => [name, headers?.values(name) ?? []]));
}

function headersOf(message: Outgoing): MsgHdrs {
  const made = natsHeaders(message.headers ?? new Map());
  for (const [name, value] of Object.entries(metaHeaders(message))) made.set(name, value);
  return made;
}

/** Publishes to `PREFIX.KEY`. `isStored`: a stream takes the messages, and the last one is stored when this resolves. */
export async function publishNats(
  url: string,
  prefix: string,
  messages: Iterable<Outgoing>,
  isStored: boolean,
): Promise<void> {
  const connection = await natsClient(url);
  for (const some of batches(messages, UNFLUSHED)) {
    const made = some.map((message) => ({
      subject: `${prefix}.${message.key}`,
      body: message.body,
      headers: headersOf(message),
    }));
    if (isStored) await publishStored(connection, made.length, (at) => made[at] ?? { subject: prefix, body: '' });
    else {
      for (const { subject, body, headers } of made) connection.publish(subject, body, { headers });
      await connection.flush();
    }
  }
  await connection.close();
}

export function arrivedFrom({ subject, data, headers }: Msg | JsMsg): Arrived {
  const read = headerMap(headers);
  // The client's buffer goes on to be used.
  const arrived = arrivedOf(subject.split('.').at(-1) ?? '', Buffer.from(data), read, ['msgid', 'Nats-Msg-Id']);
  for (const name of read.keys()) if (name.startsWith('Nats-')) read.delete(name);
  return arrived;
}
