import { nats } from '../../runtime/buses/nats/core/index.ts';
import { type NatsUser, startNats } from '../harness/nats.ts';
import type { Subject } from '../conformance/conformance.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { SEND_TIMEOUT } from '../conformance/fixture.ts';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { sharedNats } from '../harness/shared.ts';
import { judged, promisesOf, serverFixture } from '../conformance/server-fixture.ts';
import { arrivedFrom, publishNats } from './nats-messages.ts';
import { ownEndpoint } from './own-endpoint.ts';
import type { Arrived, Endpoint, TestBus } from './test-bus.ts';

const IDENTITY = { user: 'bridge', password: 'through' } as const;
const BRIDGE: NatsUser = {
  ...IDENTITY,
  permissions: '{ publish: { deny: ["test.denied"] } }',
};
/** Somebody must be left for the server to know users at all. */
const STRANGER: NatsUser = { user: 'stranger', password: 'elsewhere' };
const ABOVE_MAX_PAYLOAD = 1024 * 1024 + 1;

const options = judged(nats, {
  connection: { ...IDENTITY, keepAlive: '1s' },
  from: { subjects: ['test.>'] },
  to: { subject: 'test.{key}', timeout: SEND_TIMEOUT },
});

const NATS: Subject = {
  name: 'nats',
  needs: ['nats-process'],
  promises: promisesOf(options),
  async arrange() {
    const server = await startNats({ jetstream: false, users: [BRIDGE, STRANGER] });
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
        { kind: 'denied', by: 'server', code: 'SINK_DENIED', frame: () => frameForTest('test.denied', 'x') },
      ],
      revoke: () => server.setUsers([STRANGER]),
      changePassword: (password) => server.setUsers([{ ...BRIDGE, password }, STRANGER]),
      grant: () => server.setUsers([BRIDGE, STRANGER]),
    });
  },
  excused: {
    'refused-unroutable': 'a subject that nobody reads is no fault: the server forgets what goes there',
    'refused-rejected': 'the server takes every message that is allowed and small enough',
    full: 'the server keeps nothing, so nothing fills it',
  },
};

/** Its subjects are apart from those of JetStream's endpoint on the same server. */
function endpointAt(url: string): Endpoint {
  return {
    direct: { bus: 'nats', ...natsWords(url) },
    entrance: (tag) => ({
      bridge: { subjects: [`core.in.${tag}.*`], key: '{subject.3}' },
      checker: { subject: `core.in.${tag}.{key}` },
    }),
    exit: (tag) => ({
      bridge: { subject: `core.out.${tag}.{key}` },
      checker: { subjects: [`core.out.${tag}.*`] },
    }),
    prepare: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    publish: (tag, messages) => publishNats(url, `core.in.${tag}`, messages, false),
    async listen(tag) {
      const arrived: Arrived[] = [];
      const connection = await natsClient(url);
      connection.subscribe(`core.out.${tag}.*`, { callback: (_, message) => void arrived.push(arrivedFrom(message)) });
      await connection.flush();
      return { arrived, [Symbol.asyncDispose]: () => connection.close() };
    },
    count: () => Promise.resolve(undefined),
  };
}

export const CORE_NATS: TestBus = {
  name: 'nats',
  keepsRead: false,
  needsReader: true,
  hasHeartbeats: true,
  subjects: [NATS],
  endpoints: {
    needs: { share: 'nats', start: 'nats-process' },
    redelivers: false,
    recoversIds: false,
    share: async () => endpointAt((await sharedNats()).url),
    start: (wanted) =>
      ownEndpoint(
        startNats({ jetstream: false }),
        ({ url }) => endpointAt(url),
        () => ({ restart: 'never' }),
        wanted,
      ),
  },
};
