import { mqtt } from '../../../runtime/buses/mqtt/index.ts';
import { startMosquitto } from '../../harness/mosquitto.ts';
import type { Subject } from '../conformance.ts';
import { bareFrame } from '../frame-of.ts';
import { type Refusal, SEND_TIMEOUT } from '../fixture.ts';
import { judged, promisesOf, serverFixture } from '../server-fixture.ts';

const IDENTITY = { username: 'bridge', password: 'through' } as const;
/** Above the largest body of the tests. */
const MESSAGE_SIZE_LIMIT = 1_050_000;

const TOO_LARGE: Refusal = {
  kind: 'too-large',
  by: 'server',
  code: 'SINK_TOO_LARGE',
  frame: () => bareFrame('test/a', Buffer.alloc(MESSAGE_SIZE_LIMIT + 1)),
};
const DENIED: Refusal = {
  kind: 'denied',
  by: 'server',
  code: 'SINK_DENIED',
  frame: () => bareFrame('test/denied', Buffer.from('x')),
};
const UNWIRABLE: Refusal = {
  kind: 'rejected',
  by: 'driver',
  code: 'HEADER_UNSPELLABLE',
  frame: () => ({ ...bareFrame('test/a', Buffer.from('x')), headers: new Map([['seclabel', ['\0']]]) }),
};

const UNHEARD = {
  'refused-unroutable': 'a topic that nobody reads is no fault: the server confirms what goes there',
  full: 'a server whose queue for a reader is full drops without a word to the writer',
} as const;

function subject(protocol: '5' | '3.1.1', refusals: readonly Refusal[], excused: Subject['excused']): Subject {
  const options = judged(mqtt, {
    connection: { ...IDENTITY, protocol, keepAlive: '2s' },
    from: { topics: ['test/#'] },
    to: { topic: 'test/{key}', timeout: SEND_TIMEOUT },
  });
  return {
    name: `mqtt ${protocol}`,
    needs: ['mosquitto-process'],
    promises: promisesOf(options),
    ...(excused !== undefined && { excused }),
    async arrange() {
      const server = await startMosquitto({
        users: { [IDENTITY.username]: IDENTITY.password },
        // Patterns: the lines of a user mosquitto forgets for a session whose client is away when the users change, and it
        // then drops without a word what that session should keep.
        acl: 'pattern readwrite test/#\npattern deny test/denied',
        config: `message_size_limit ${MESSAGE_SIZE_LIMIT}`,
      });
      return serverFixture(options, server, {
        address: (name) => `test/${name}`,
        sendDeadlineMs: 6000,
        // A PUBACK of mosquitto is not durable: it keeps what it was told to write down.
        beforeKill: () => server.saveNow(),
        refusals,
        revoke: () => server.setUsers({ stranger: 'elsewhere' }),
        changePassword: (password) => server.setUsers({ [IDENTITY.username]: password }),
        grant: () => server.setUsers({ [IDENTITY.username]: IDENTITY.password }),
      });
    },
  };
}

export const MQTT_5: Subject = subject('5', [TOO_LARGE, DENIED, UNWIRABLE], UNHEARD);

export const MQTT_3: Subject = subject('3.1.1', [], {
  ...UNHEARD,
  'refused-too-large': 'MQTT 3.1.1 has no word for a refusal: the server confirms what is too large for it',
  'refused-denied': 'MQTT 3.1.1 has no word for a refusal: the server confirms what it denies',
  'refused-rejected': 'MQTT 3.1.1 carries no headers, and takes every body',
});
