import assert from 'node:assert/strict';
import { headers, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { ensureConsumer } from '../../runtime/buses/nats/jetstream/consumer.ts';
import { removedSince } from '../../runtime/buses/nats/jetstream/pending-count.ts';
import { rewind } from '../../runtime/buses/nats/jetstream/rewind.ts';
import { startBridge } from '../harness/bridge.ts';
import { natsClient } from '../harness/nats-client.ts';
import { startNats } from '../harness/nats.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { administrator, guarded, held, intruder, makeStreams, PASSWORD, pipeline } from './nats-guarded.ts';
import { Refusals } from './refusals.ts';
import { configurationFor, differencesAt, differencesByCommand } from './sluice-acl.ts';

const DEADLINE_MS = 30_000;
const own = { needs: ['nats-process'] } as const;

serverTest(
  'under the rights of `sluice acl` a pipeline works through a kill and a restart of the server, and nats-server denies it nothing',
  own,
  async () => {
    using project = newProject({});
    await using broker = await startNats({ config: await guarded(project) });
    const file = project.write('pipelines/guarded.yaml', pipeline(broker.url));
    await using admin = await administrator(broker);
    await makeStreams(admin);
    const js = admin.connection;
    const publish = async (from: number, to: number): Promise<void> => {
      const numbers = Array.from({ length: to - from }, (_, at) => from + at);
      await Promise.all(
        numbers.map((at) => {
          const carrier = headers();
          // Every tenth has nothing for the address of the sink: a dead letter.
          if (at % 10 !== 0) carrier.set('kind', `k${at % 3}`);
          return js.request(`orders.o${at}.new`, String(at), { headers: carrier, timeout: DEADLINE_MS });
        }),
      );
    };
    const start = () => startBridge(project.folder, file, [], { PW: PASSWORD });
    const until = (stream: string, count: number): Promise<unknown> =>
      waitFor(async () => (await held(admin, stream)) >= count, DEADLINE_MS, `${count} messages in ${stream}`);

    await using first = start();
    await first.ready();
    await publish(0, 100);
    await js.request('made.in', 'one');
    await until('TASKS', 30);
    await first.kill();
    await publish(100, 200);
    await using second = start();
    await second.ready();
    await until('TASKS', 180);
    await until('LETTERS', 20);
    await broker.kill();
    await broker.restart();
    await waitFor(() => held(admin, 'ORDERS'), DEADLINE_MS, 'the server to answer');
    await publish(200, 300);
    await js.request('made.in', 'two');
    await until('TASKS', 270);
    await until('LETTERS', 30);
    await until('MADE_OUT', 2);
    let seen = 0;
    js.subscribe('seen.x', {
      callback: () => {
        seen += 1;
      },
    });
    await waitFor(
      () => {
        js.publish('signals.x');
        return seen > 0;
      },
      DEADLINE_MS,
      'a signal to pass',
    );
    assert.equal(await second.terminate(DEADLINE_MS), 'exit code 0');
    assert.equal(await held(admin, 'TASKS'), 270, 'each once: the log was recovered');
    assert.deepEqual(
      [...broker.log().matchAll(/.*Violation.*/gi)].map(([line]) => line),
      [],
    );
    assert.deepEqual(
      second.lines().filter(({ event }) => /log-recovery-(failed|incomplete)/.test(event)),
      [],
    );
  },
);

serverTest('what a source of JetStream does after a fault only is among its rights too', own, async () => {
  using project = newProject({});
  await using broker = await startNats({ config: await guarded(project) });
  await using admin = await administrator(broker);
  await makeStreams(admin);
  await admin.manager.streams.add({ name: 'MADE', subjects: ['made.>'], retention: 'interest' });
  for (const [user, name, durable, filters] of [
    ['bridge', 'ORDERS', 'guarded_orders', ['orders.*.new']],
    ['maker', 'MADE', 'guarded_made', ['made.in']],
  ] as const) {
    const inboxPrefix = `_INBOX_${user}`;
    const connection = await natsClient(broker.url, { user, pass: PASSWORD, inboxPrefix });
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const stream = await manager.streams.info(name);
    const wanted = { name: durable, filters, start: 'all', maxAckPending: 10 } as const;
    await ensureConsumer(manager, stream, wanted, undefined);
    const { info } = await ensureConsumer(manager, stream, { ...wanted, maxAckPending: 20 }, undefined);
    assert.equal(info.config.max_ack_pending, 20, 'changed');
    for (const reset of [true, false]) await rewind(manager, stream, info, reset);
    for (let at = 0; at < 3; at += 1) await admin.connection.request(filters[0].replace('*', 'a'), 'x');
    const now = await manager.consumers.info(name, durable);
    const waiting = { made: now.created, messages: 5, deliveries: 0, storedUpTo: stream.state.last_seq };
    assert.equal(await removedSince(waiting, manager, await manager.streams.info(name), now, false), 5, 'counted');
    await connection.close();
  }
  assert.doesNotMatch(broker.log(), /Violation/i);
});

serverTest('who has the rights of a pipeline is refused every other operation at nats-server', own, async (t) => {
  using project = newProject({});
  await using broker = await startNats({ config: await guarded(project) });
  await using admin = await administrator(broker);
  await makeStreams(admin);
  await admin.connection.request('orders.1.new', 'x');
  await admin.connection.request('other.1', 'x');
  const user = await intruder(broker);
  const refusals = new Refusals();
  const publishing: Record<string, string> = {
    'publish to a subject of nobody': 'elsewhere',
    'publish below its own subject': 'tasks.a.b',
    'publish to what it reads': 'orders.1.new',
    'publish to the subject of another stream': 'other.1',
    'publish to what it reads from core NATS': 'signals.x',
    'answer in the place of another': '_INBOX.abc',
    'command the server': '$SYS.REQ.SERVER.PING.CONNZ',
    'ask for the account': '$JS.API.INFO',
    'list streams': '$JS.API.STREAM.LIST',
    'list names of streams': '$JS.API.STREAM.NAMES',
    'look at another stream': '$JS.API.STREAM.INFO.OTHER',
    'create a stream': '$JS.API.STREAM.CREATE.NEW',
    'create its own stream again': '$JS.API.STREAM.CREATE.ORDERS',
    'change its stream': '$JS.API.STREAM.UPDATE.ORDERS',
    'delete its stream': '$JS.API.STREAM.DELETE.ORDERS',
    'delete another stream': '$JS.API.STREAM.DELETE.OTHER',
    'purge its stream': '$JS.API.STREAM.PURGE.ORDERS',
    'purge the stream that it writes': '$JS.API.STREAM.PURGE.TASKS',
    'read a message by its sequence': '$JS.API.STREAM.MSG.GET.ORDERS',
    'read a message of another stream': '$JS.API.STREAM.MSG.GET.OTHER',
    'delete a message': '$JS.API.STREAM.MSG.DELETE.ORDERS',
    'get directly': '$JS.API.DIRECT.GET.ORDERS',
    'back a stream up': '$JS.API.STREAM.SNAPSHOT.ORDERS',
    'restore a stream': '$JS.API.STREAM.RESTORE.ORDERS',
    'list consumers': '$JS.API.CONSUMER.LIST.ORDERS',
    'list names of consumers': '$JS.API.CONSUMER.NAMES.ORDERS',
    'look at the consumer of another': '$JS.API.CONSUMER.INFO.ORDERS.theirs',
    'read through the consumer of another': '$JS.API.CONSUMER.MSG.NEXT.ORDERS.theirs',
    'acknowledge for another': '$JS.ACK.ORDERS.theirs.1.1.1.1.0',
    'reset the consumer of another': '$JS.API.CONSUMER.RESET.ORDERS.theirs',
    'pause the consumer of another': '$JS.API.CONSUMER.PAUSE.ORDERS.theirs',
    'pause its own consumer': '$JS.API.CONSUMER.PAUSE.ORDERS.guarded_orders',
    'delete the consumer of another': '$JS.API.CONSUMER.DELETE.ORDERS.theirs',
    'change the consumer of another': '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.theirs',
    'make a consumer without a name': '$JS.API.CONSUMER.CREATE.ORDERS',
    'make a consumer of another name': '$JS.API.CONSUMER.CREATE.ORDERS.mine',
    'make a consumer of its own name elsewhere': '$JS.API.CONSUMER.CREATE.OTHER.guarded_orders',
    'read another stream': '$JS.API.CONSUMER.MSG.NEXT.OTHER.theirs',
    'read back all that others write into its sink': '$JS.API.CONSUMER.CREATE.TASKS.guarded_orders-tail-1.>',
    'read back dead letters': '$JS.API.CONSUMER.CREATE.LETTERS.guarded_orders',
    'step the leader down': '$JS.API.STREAM.LEADER.STEPDOWN.ORDERS',
    'use the rights of the other user': '$JS.API.STREAM.CREATE.MADE',
  };
  for (const [operation, subject] of Object.entries(publishing))
    await refusals.refuses(operation, () => user.publish(subject));
  const subscribing: Record<string, readonly [subject: string, queue?: string]> = {
    'subscribe to everything': ['>'],
    'subscribe to a first token': ['*'],
    'subscribe to all inboxes': ['_INBOX.>'],
    'subscribe to the inboxes of the other user': ['_INBOX_maker.>'],
    'subscribe to what it writes': ['tasks.*'],
    'subscribe to the subjects of its stream': ['orders.>'],
    'subscribe to other subjects': ['other.>'],
    'subscribe to what it reads from core NATS, outside of its queue group': ['signals.>'],
    'join another queue group': ['signals.>', 'spies'],
    'subscribe to the events of the server': ['$SYS.>'],
    'subscribe to requests of JetStream': ['$JS.API.>'],
    'subscribe to acknowledgements': ['$JS.ACK.>'],
    'subscribe to advisories': ['$JS.EVENT.>'],
  };
  for (const [operation, [subject, queue]] of Object.entries(subscribing))
    await refusals.refuses(operation, () => user.subscribe(subject, queue));
  refusals.count(t, 55);
  assert.equal(await user.publish('tasks.fine'), 'granted');
  assert.equal(await user.subscribe('signals.>', 'bridges'), 'granted');
  await user.close();
  const streams = (await admin.manager.streams.list().next()).map(({ config }) => config.name).toSorted();
  assert.deepEqual(streams, ['LETTERS', 'ORDERS', 'OTHER', 'TASKS']);
  assert.deepEqual([await held(admin, 'ORDERS'), await held(admin, 'OTHER')], [1, 1], 'nothing came or went');
});

serverTest(
  '`sluice acl --check` of a nats-server finds nothing under its own rights, and names what is too much',
  own,
  async () => {
    using project = newProject({});
    const config = await guarded(project);
    await using broker = await startNats({ config });
    const file = project.write('pipelines/guarded.yaml', pipeline(broker.url));
    await using admin = await administrator(broker);
    await makeStreams(admin);
    const env = { PW: PASSWORD };
    const exact = await differencesByCommand(broker.url, file, { env });
    assert.deepEqual(exact.lines, []);
    assert.ok(exact.looked > 80, `${exact.looked} tried`);
    const before = await held(admin, 'ORDERS');

    const wider = config
      .replace('"letters.orders"', '"letters.orders", "$JS.API.STREAM.PURGE.*", "$JS.API.CONSUMER.MSG.NEXT.ORDERS.*"')
      .replace(/(subscribe: \{\s*allow: \[)/, '$1 "_INBOX.>"');
    await using wide = await startNats({ config: wider });
    const found = await differencesAt(wide.url, file, { env });
    assert.deepEqual(
      found.lines.map((line) => line.replace(/sluice-acl-[0-9a-f]+/, 'NAME')),
      [
        'too much bridge: publish $JS.API.STREAM.PURGE.NAME',
        'too much bridge: publish $JS.API.CONSUMER.MSG.NEXT.ORDERS.NAME',
        'too much bridge: subscribe _INBOX.>',
      ],
    );

    const listed = config.replace('"letters.orders"', '"$SYS.REQ.USER.INFO", "audit.>"');
    await using listing = await startNats({ config: listed });
    // A server lists the subjects of a user in any order.
    assert.deepEqual((await differencesAt(listing.url, file, { env })).lines.toSorted(), [
      'missing bridge: publish letters.orders',
      'too much bridge: publish $SYS.REQ.USER.INFO',
      'too much bridge: publish audit.>',
    ]);

    await using open = await startNats({
      config: `authorization { users: [${['bridge', 'maker'].map((user) => `{ user: ${user}, password: ${PASSWORD} }`).join(', ')}] }`,
    });
    assert.deepEqual((await differencesByCommand(open.url, file, { env })).lines, [
      'too much bridge: publish >',
      'too much bridge: subscribe >',
      'too much maker: publish >',
      'too much maker: subscribe >',
    ]);
    const denied = ['bridge', 'maker'].map(
      (user) =>
        `{ user: ${user}, password: ${PASSWORD}, permissions: { publish: { deny: ">" }, subscribe: { deny: ">" } } }`,
    );
    await using closed = await startNats({ config: `authorization { users: [${denied.join(', ')}] }` });
    const { lines, unseen } = await differencesAt(closed.url, file, { env });
    assert.ok(lines.includes('missing bridge: publish $JS.API.STREAM.INFO.ORDERS'), lines.join('\n'));
    assert.ok(lines.includes('missing bridge: subscribe _INBOX_bridge.>'), lines.join('\n'));
    assert.ok(lines.every((line) => line.startsWith('missing ')));
    assert.match(unseen.join('\n'), /rights are missing to publish to the subjects of sinks/);
    assert.equal(await held(admin, 'ORDERS'), before);
    assert.equal((await admin.manager.consumers.list('ORDERS').next()).length, 1, 'nothing was made');
  },
);

serverTest('an nkey has its rights under the public key that the server takes from its environment', own, async () => {
  using project = newProject({});
  const [pair, other] = [nkeys.createUser(), nkeys.createUser()];
  const seed = new TextDecoder().decode(pair.getSeed());
  process.env['NATS_NKEY_KEYED'] = pair.getPublicKey();
  const file = project.write('pipelines/keyed.yaml', {
    name: 'keyed',
    buses: { n: { bus: 'nats', url: 'nats://127.0.0.1:4222', nkey: 'file:seed' } },
    routes: [{ name: 'r', from: { bus: 'n', subjects: ['in'] }, to: { bus: 'n', subject: 'out' } }],
  });
  project.write('seed', seed);
  await using broker = await startNats({ config: await configurationFor('nats', file) });
  assert.deepEqual((await differencesAt(broker.url, file)).lines, []);
  const stranger = natsClient(broker.url, { authenticator: nkeyAuthenticator(other.getSeed()) });
  await assert.rejects(stranger, { name: 'AuthorizationError' });
});

serverTest(
  'who may make a consumer reaches any subject through it at nats-server, as the configuration says',
  own,
  async () => {
    using project = newProject({});
    const config = await guarded(project);
    await using broker = await startNats({ config });
    await using admin = await administrator(broker);
    await makeStreams(admin);
    const { promise, resolve } = Promise.withResolvers<string>();
    admin.connection.subscribe('elsewhere', { callback: (_error, message) => resolve(message.string()) });
    const user = await natsClient(broker.url, { user: 'bridge', pass: PASSWORD, inboxPrefix: '_INBOX_bridge' });
    await user.request('tasks.a', 'moved');
    // The consumer of log recovery, with a deliver subject that no right covers.
    const name = 'guarded_orders-tail-1';
    const wanted = { name, filter_subject: 'tasks.*', deliver_subject: 'elsewhere', ack_policy: 'none' };
    const body = JSON.stringify({ stream_name: 'TASKS', config: wanted });
    await user.request(`$JS.API.CONSUMER.CREATE.TASKS.${name}.tasks.*`, body);
    assert.equal(await promise, 'moved');
    assert.match(config, /# who may make a consumer of stream TASKS, .* to any subject of the account/);
    await user.close();
  },
);
