import { headerMap, natsHeaders } from '../brokers/nats-messages.ts';
import { natsClient } from '../harness/nats-client.ts';
import type { Load, Way } from './broken-bridge.ts';

/** A small bridge of its own on core NATS, from `in.>` to `out.>`: it has nothing of the runtime. */
export async function natsBridge(url: string, way: Way): Promise<AsyncDisposable> {
  const connection = await natsClient(url);
  connection.subscribe('in.>', {
    callback(_, message) {
      const load: Load = { key: undefined, headers: headerMap(message.headers), body: Buffer.from(message.data) };
      way(load, ({ headers, body }) =>
        connection.publish(`out.${message.subject.slice(3)}`, body ?? undefined, { headers: natsHeaders(headers) }),
      );
    },
  });
  await connection.flush();
  return { [Symbol.asyncDispose]: () => connection.close() };
}
