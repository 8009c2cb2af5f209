import { nats } from '../../../runtime/buses/nats/core.ts';
import { type NatsUser, startNats } from '../../harness/nats.ts';
import type { Subject } from '../conformance.ts';
import { bareFrame } from '../frame-of.ts';
import { SEND_TIMEOUT } from '../fixture.ts';
import { judged, promisesOf, serverFixture } from '../server-fixture.ts';

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

export const NATS: Subject = {
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
          frame: () => bareFrame('test.a', Buffer.alloc(ABOVE_MAX_PAYLOAD)),
        },
        { kind: 'denied', by: 'server', code: 'SINK_DENIED', frame: () => bareFrame('test.denied', Buffer.from('x')) },
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
