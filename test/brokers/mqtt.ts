import { connectAsync, type IPublishPacket } from 'mqtt';
import { mqtt } from '../../runtime/buses/mqtt/index.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import type { Subject } from '../conformance/conformance.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { type Refusal, SEND_TIMEOUT } from '../conformance/fixture.ts';
import { judged, promisesOf, serverFixture } from '../conformance/server-fixture.ts';
import { MqttWitness } from './mqtt-witness.ts';
import { ownEndpoint } from './own-endpoint.ts';
import {
  type Arrived,
  arrivedOf,
  batches,
  type Endpoint,
  type Outgoing,
  type TestBus,
  type Words,
} from './test-bus.ts';

const IDENTITY = { username: 'bridge', password: 'through' } as const;
/** Above the largest body of the tests. */
const MESSAGE_SIZE_LIMIT = 1_050_000;

const TOO_LARGE: Refusal = {
  kind: 'too-large',
  by: 'server',
  code: 'SINK_TOO_LARGE',
  frame: () => frameForTest('test/a', Buffer.alloc(MESSAGE_SIZE_LIMIT + 1)),
};
const DENIED: Refusal = {
  kind: 'denied',
  by: 'server',
  code: 'SINK_DENIED',
  frame: () => frameForTest('test/denied', 'x'),
};
const UNWIRABLE: Refusal = {
  kind: 'rejected',
  by: 'driver',
  code: 'HEADER_UNSPELLABLE',
  frame: () => ({ ...frameForTest('test/a', 'x'), headers: new Map([['seclabel', ['\0']]]) }),
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

const MQTT_5: Subject = subject('5', [TOO_LARGE, DENIED, UNWIRABLE], UNHEARD);

const MQTT_3: Subject = subject('3.1.1', [], {
  ...UNHEARD,
  'refused-too-large': 'MQTT 3.1.1 has no word for a refusal: the server confirms what is too large for it',
  'refused-denied': 'MQTT 3.1.1 has no word for a refusal: the server confirms what it denies',
  'refused-rejected': 'MQTT 3.1.1 carries no headers, and takes every body',
});

const UNCONFIRMED = 500;
/**
 * mosquitto hands out what waits in a session around what expired there in another order, and a message in its last
 * second without its expiry: a command's place and time are those that its publisher gave it.
 */
const PUBLISHERS_WORD: Words = { sequence: '{body.mark.number}', timestamp: '{body.mark.sentAtMs}' };

type Properties = NonNullable<IPublishPacket['properties']>;

function endpointAt(url: string): Endpoint {
  return {
    direct: { bus: 'mqtt', url },
    entrance: (tag, trafficClass) => ({
      bridge: { topics: [`in/${tag}/+`], key: '{topic.2}', ...(trafficClass === 'command' && PUBLISHERS_WORD) },
      checker: { topic: `in/${tag}/{key}` },
    }),
    exit: (tag) => ({ bridge: { topic: `out/${tag}/{key}` }, checker: { topics: [`out/${tag}/+`] } }),
    prepare: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    async publish(tag, messages) {
      const client = await connectAsync(url, { protocolVersion: 5 });
      for (const some of batches(messages, UNCONFIRMED)) {
        await Promise.all(
          some.map((message) =>
            client.publishAsync(`in/${tag}/${message.key}`, message.body, {
              qos: 1,
              properties: propertiesOf(message),
            }),
          ),
        );
      }
      await client.endAsync();
    },
    async listen(tag) {
      const arrived: Arrived[] = [];
      const client = await connectAsync(url, { protocolVersion: 5 });
      client.on('message', (topic, body, packet) => arrived.push(arrivedFrom(topic, body, packet.properties ?? {})));
      await client.subscribeAsync(`out/${tag}/+`, { qos: 1 });
      return { arrived, [Symbol.asyncDispose]: () => client.endAsync(true) };
    },
    // A session says nothing of what waits in it.
    count: () => Promise.resolve(undefined),
  };
}

function propertiesOf({ id, headers = new Map(), contentType, lifeMs }: Outgoing): Properties {
  const own = [...headers].map(([name, values]) => [name, [...values]] as const);
  const user = { ...Object.fromEntries(own), ...(id !== undefined && { msgid: id }) };
  return {
    // The client writes a broken packet for an empty list.
    ...(Object.keys(user).length > 0 && { userProperties: user }),
    ...(contentType !== undefined && { contentType }),
    ...(lifeMs !== undefined && { messageExpiryInterval: lifeMs / 1000 }),
  };
}

function arrivedFrom(topic: string, body: Buffer, properties: Properties): Arrived {
  const user = Object.entries(properties.userProperties ?? {});
  const headers = new Map(user.map(([name, value]) => [name, [value].flat().map(String)]));
  const left = properties.messageExpiryInterval;
  return {
    ...arrivedOf(topic.split('/')[2] ?? '', body, headers),
    contentType: properties.contentType,
    expiresAtMs: left === undefined ? undefined : Date.now() + left * 1000,
  };
}

export const MQTT: TestBus = {
  name: 'mqtt',
  keepsRead: false,
  needsReader: true,
  hasHeartbeats: true,
  subjects: [MQTT_5, MQTT_3],
  endpoints: {
    needs: { share: 'mosquitto', start: 'mosquitto-process' },
    redelivers: true,
    recoversIds: false,
    // A server takes 20 ms to start: no two tests share one.
    share: async () => endpointAt((await startMosquitto()).url),
    start(options = {}) {
      const { queued } = options;
      const witnesses = { source: new MqttWitness('down'), sink: new MqttWitness('up') };
      return ownEndpoint(
        startMosquitto(queued === undefined ? {} : { persistence: 'none', maxQueued: queued }),
        ({ url }) => endpointAt(url),
        () => ({
          // A server that is killed loses what it has acknowledged: no bridge can mend that.
          restart: 'stop',
          ...(queued === undefined && { watch: { source: witnesses.source.watch, sink: witnesses.sink.watch } }),
          unread: (side, _tag, run) =>
            Promise.resolve((name) => witnesses[side].hasSeen(run, name) === (side === 'sink')),
        }),
        options,
      );
    },
  },
};
