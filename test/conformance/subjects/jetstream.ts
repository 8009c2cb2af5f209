import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { jetstream } from '../../../runtime/buses/nats/jetstream.ts';
import type { Broker } from '../../harness/broker.ts';
import { type NatsUser, startNats } from '../../harness/nats.ts';
import type { Subject } from '../conformance.ts';
import { bareFrame } from '../frame-of.ts';
import { SEND_TIMEOUT } from '../fixture.ts';
import { judged, promisesOf, serverFixture } from '../server-fixture.ts';

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
  const connection = await connect({ servers: server.url, user: ADMIN.user, pass: ADMIN.password });
  try {
    await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

export const JETSTREAM: Subject = {
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
          frame: () => bareFrame('test.a', Buffer.alloc(ABOVE_MAX_PAYLOAD)),
        },
        {
          kind: 'too-large',
          by: 'server',
          code: 'SINK_TOO_LARGE',
          frame: () => bareFrame('test.a', Buffer.alloc(ABOVE_STREAM)),
        },
        { kind: 'denied', by: 'server', code: 'SINK_DENIED', frame: () => bareFrame('test.denied', Buffer.from('x')) },
        // Another stream takes the subject: confirmed there, it would be lost to whoever reads this one.
        { kind: 'rejected', by: 'server', code: 'SINK_REFUSED', frame: () => bareFrame('other.a', Buffer.from('x')) },
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
