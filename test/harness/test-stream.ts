import { jetstream, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { managed } from './stream-manager.ts';
import { waitFor } from './wait-for.ts';

const READ_MS = 60_000;

/** A stream of a test's own, read by a client beside the bridge's. */
export interface TestStream extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly name: string;
  create(): Promise<void>;
  /** Messages of another subject are refused from now on: nobody answers. */
  take(subjects: readonly string[]): Promise<void>;
  remove(): Promise<void>;
  /** How many messages it holds. */
  count(): Promise<number>;
  /** Everything it holds, in order. */
  read<T>(as: (message: JsMsg) => T): Promise<T[]>;
  /** What its one consumer has not acknowledged yet, delivered or not. */
  unacknowledged(): Promise<number>;
}

export async function testStream(url: string, name: string, subjects: readonly string[]): Promise<TestStream> {
  const { connection, manager } = await managed(url);
  const stream: TestStream = {
    connection,
    name,
    async create() {
      await manager.streams.add({ name, subjects: [...subjects] });
    },
    async take(others) {
      await manager.streams.update(name, { subjects: [...others] });
    },
    async remove() {
      await manager.streams.delete(name);
    },
    count: async () => (await manager.streams.info(name)).state.messages,
    async read(as) {
      const total = await stream.count();
      const found: ReturnType<typeof as>[] = [];
      if (total === 0) return found;
      const consumer = await jetstream(connection).consumers.get(name);
      const messages = await consumer.consume({
        max_messages: 2000,
        callback: (message) => void found.push(as(message)),
      });
      await waitFor(() => found.length >= total, READ_MS, `stream ${name} to be read`);
      await messages.close();
      return found;
    },
    async unacknowledged() {
      const [consumer, ...others] = await manager.consumers.list(name).next();
      if (consumer === undefined || others.length > 0) throw new Error(`stream ${name} has not one consumer`);
      return consumer.num_pending + consumer.num_ack_pending;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
  await stream.create();
  return stream;
}
