import { jetstream as openJetStream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { jetstream } from '../../runtime/buses/nats/jetstream/index.ts';
import type { Broker } from '../harness/broker.ts';
import { type NatsUser, startNats } from '../harness/nats.ts';
import type { Subject } from '../conformance/conformance.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { SEND_TIMEOUT } from '../conformance/fixture.ts';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { sharedNats } from '../harness/shared.ts';
import { judged, promisesOf, serverFixture } from '../conformance/server-fixture.ts';
import { arrivedFrom, publishNats } from './nats-messages.ts';
import { ownEndpoint } from './own-endpoint.ts';
import type { Arrived, Endpoint, Side, TestBus } from './test-bus.ts';

const IDENTITY = { user: 'bridge', password: 'through' } as const;
const BRIDGE: NatsUser = { ...IDENTITY, permissions: '{ publish: { deny: ["test.denied"] } }' };
const ADMIN = { user: 'admin', password: 'above' } as const;
const STREAM = 'TEST';
/** Above the largest body of the tests, below the server's max_payload. */
const MAX_STREAM_BYTES = 1_020_000;
const ABOVE_STREAM = 1_030_000;
const ABOVE_MAX_PAYLOAD = 1024 * 1024 + 1;

const options = judged(jetstream, {
  connection: { ...IDENTITY, keepAlive: '1s' },
  from: { stream: STREAM },
  to: { stream: STREAM, subject: 'test.{key}', timeout: SEND_TIMEOUT },
});

async function manage(server: Broker, work: (manager: JetStreamManager) => Promise<unknown>): Promise<void> {
  const connection = await natsClient(server.url, { user: ADMIN.user, pass: ADMIN.password });
  try {
    await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

const SUBJECT: Subject = {
  name: 'jetstream',
  needs: ['nats-process'],
  promises: promisesOf(options),
  async arrange() {
    const server = await startNats({ users: [BRIDGE, ADMIN] });
    await manage(server, async (manager) => {
      await manager.streams.add({ name: STREAM, subjects: ['test.>'], max_msg_size: MAX_STREAM_BYTES });
      await manager.streams.add({ name: 'OTHER', subjects: ['other.>'] });
    });
    return serverFixture(options, server, {
      address: (name) => `test.${name}`,
      sendDeadlineMs: 5000,
      refusals: [
        {
          kind: 'too-large',
          by: 'driver',
          code: 'SINK_TOO_LARGE',
          frame: () => frameForTest('test.a', Buffer.alloc(ABOVE_MAX_PAYLOAD)),
        },
        {
          kind: 'too-large',
          by: 'server',
          code: 'SINK_TOO_LARGE',
          frame: () => frameForTest('test.a', Buffer.alloc(ABOVE_STREAM)),
        },
        { kind: 'denied', by: 'server', code: 'SINK_DENIED', frame: () => frameForTest('test.denied', 'x') },
        // Another stream takes the subject: confirmed there, it would be lost to whoever reads this one.
        { kind: 'rejected', by: 'server', code: 'SINK_REFUSED', frame: () => frameForTest('other.a', 'x') },
      ],
      revoke: () => server.setUsers([ADMIN]),
      changePassword: (password) => server.setUsers([{ ...BRIDGE, password }, ADMIN]),
      grant: () => server.setUsers([BRIDGE, ADMIN]),
      fill: () =>
        manage(server, async ({ streams }) => {
          const { state } = await streams.info(STREAM);
          await streams.update(STREAM, { discard: 'new', max_msgs: state.messages });
        }),
      relieve: () => manage(server, ({ streams }) => streams.update(STREAM, { max_msgs: -1 })),
    });
  },
  excused: {
    'refused-unroutable':
      'the server answers alike for a subject that no stream takes and for a stream that is away: it is the fault of the bus, and reported',
  },
};

const streamOf = (side: Side, tag: string): string => `${side === 'source' ? 'IN' : 'OUT'}-${tag}`;

/** `replicas`: of each stream. */
export function jetstreamEndpoint(url: string | readonly string[], replicas = 1): Endpoint {
  const [first = ''] = [url].flat();
  const withManager = async <T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
    const connection = await natsClient(first);
    try {
      return await work(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  };
  return {
    direct: { bus: 'jetstream', ...(typeof url === 'string' ? natsWords(url) : { url }) },
    entrance: (tag) => ({
      bridge: { stream: streamOf('source', tag), key: '{subject.2}' },
      checker: { stream: streamOf('source', tag), subject: `in.${tag}.{key}` },
    }),
    exit: (tag) => ({
      bridge: { stream: streamOf('sink', tag), subject: `out.${tag}.{key}` },
      checker: { stream: streamOf('sink', tag) },
    }),
    prepare: (side, tags) =>
      withManager(async ({ streams }) => {
        for (const tag of tags) {
          const subjects = [`${side === 'source' ? 'in' : 'out'}.${tag}.*`];
          await streams.add({ name: streamOf(side, tag), subjects, num_replicas: replicas });
        }
      }),
    remove: (side, tag) => withManager(async ({ streams }) => void (await streams.delete(streamOf(side, tag)))),
    publish: (tag, messages) => publishNats(first, `in.${tag}`, messages, true),
    async listen(tag) {
      const arrived: Arrived[] = [];
      const connection = await natsClient(first);
      const consumer = await openJetStream(connection).consumers.get(streamOf('sink', tag));
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
    count: (tag) => withManager(async ({ streams }) => (await streams.info(streamOf('sink', tag))).state.messages),
  };
}

export const JETSTREAM: TestBus = {
  name: 'jetstream',
  keepsRead: true,
  needsReader: false,
  hasHeartbeats: true,
  subjects: [SUBJECT],
  endpoints: {
    needs: { share: 'nats', start: 'nats-process' },
    redelivers: true,
    recoversIds: true,
    share: async () => jetstreamEndpoint((await sharedNats()).url),
    start: (wanted) =>
      ownEndpoint(
        startNats(),
        ({ url }) => jetstreamEndpoint(url),
        () => ({ restart: 'kill', isStamped: true }),
        wanted,
      ),
  },
};
