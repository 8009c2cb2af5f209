import assert from 'node:assert/strict';
import { connect } from 'amqplib';
import mqtt from 'mqtt';
import * as kafkaGuarded from '../access/kafka-guarded.ts';
import * as natsGuarded from '../access/nats-guarded.ts';
import { configurationFor } from '../access/sluice-acl.ts';
import { startKafka } from '../harness/kafka.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { ownName, sharedRabbitMq } from '../harness/shared.ts';
import { whenTestEnds } from '../harness/test-scope.ts';
import { waitFor } from '../harness/wait-for.ts';
import { assertFound, examined, type Found, withVerdict, wrong } from './examined.ts';
import { kafkaState, natsState, rabbitState } from './server-states.ts';

const PW = 'geheim';
Object.assign(process.env, { PW, WRONG_PW: 'falsch', GUEST_PW: 'guest' });
const DEADLINE_MS = 20_000;

serverTest(
  'MQTT: a healthy server is all ok, its faults are found, and no session and no message is left behind',
  { needs: ['mosquitto-process'] },
  async () => {
    const users = { bridge: PW, witness: PW };
    const acl =
      'user bridge\ntopic read fleet/+/position\ntopic write tracks/+\ntopic read $SYS/#\nuser witness\ntopic readwrite #\ntopic read $SYS/#';
    await using server = await startMosquitto({ persistence: 'every-change', users, acl, config: 'sys_interval 1' });
    const witness = await mqtt.connectAsync(server.url, { protocolVersion: 5, username: 'witness', password: PW });
    whenTestEnds(() => void witness.endAsync(true));
    const heard: string[] = [];
    const stats = new Map<string, string>();
    witness.on('message', (topic, body) => {
      if (topic.startsWith('$SYS/')) stats.set(topic, body.toString());
      else heard.push(topic);
    });
    await witness.subscribeAsync([
      '#',
      '$SYS/broker/clients/total',
      '$SYS/broker/subscriptions/count',
      '$SYS/broker/uptime',
    ]);
    const counted = async (): Promise<string> => {
      const before = stats.get('$SYS/broker/uptime');
      const isNext = (): boolean => stats.get('$SYS/broker/uptime') !== before;
      await waitFor(isNext, DEADLINE_MS, 'the next figures of the server');
      return ['clients/total', 'subscriptions/count'].map((name) => stats.get(`$SYS/broker/${name}`)).join(' ');
    };
    // The figures that are retained at the time of the subscription are older than the witness.
    await counted();
    await counted();
    using files = newProject({ acl, 'acl-of-others': 'user witness\ntopic readwrite #' });
    const conf = (list: string): ReadonlyMap<string, string> => {
      const saved = 'persistence true\nautosave_interval 1\nautosave_on_changes true';
      const text = `${saved}\nset_tcp_nodelay true\nmax_queued_messages 0\nacl_file ${files.path(list)}`;
      return new Map([['field', text]]);
    };
    const pipeline = (url: string, { source = {}, connection = {} } = {}): object => ({
      name: 'fleet',
      buses: { field: { bus: 'mqtt', url, username: 'bridge', password: 'env:PW', ...connection } },
      routes: [
        {
          name: 'positions',
          from: { bus: 'field', topics: ['fleet/+/position'], maxBody: '512KiB', ...source },
          to: { bus: 'field', topic: 'tracks/{topic.1}' },
        },
      ],
    });

    const healthy = await examined(pipeline(server.url), { configs: conf('acl') });
    assert.deepEqual(wrong(healthy), []);
    assert.deepEqual(withVerdict(healthy, 'unknown'), []);
    assert.match(JSON.stringify(healthy), /mosquitto 2\.0/);

    const denied = await examined(pipeline(server.url), { configs: conf('acl-of-others') });
    assertFound(denied, ['PUBLISH route positions, sink, tracks/{topic.1}']);
    const faulty = await examined(
      pipeline(server.url, { source: { session: '1m' }, connection: { protocol: '3.1.1' } }),
      {
        configs: new Map([['field', 'persistence false\nper_listener_settings true']]),
      },
    );
    assertFound(faulty, [
      'PROTOCOL',
      'SESSION route positions, source',
      'QUEUE_LIMIT route positions, source',
      'NODELAY',
      'PERSISTENCE',
      'LISTENERS',
    ]);
    await counted();
    assert.equal(await counted(), '1 4', 'clients and subscriptions: those of the witness');
    assert.deepEqual(heard, [], 'nothing was published');

    await using small = await startMosquitto({
      maxInflight: 10,
      users,
      config: 'max_packet_size 2000\nretain_available false',
    });
    const limited = pipeline(small.url) as { routes: { to: object }[] };
    const [route] = limited.routes;
    if (route !== undefined) route.to = { ...route.to, retain: true };
    assertFound(await examined(limited), [
      'INFLIGHT',
      'MAX_BODY route positions, sink',
      'RETAIN route positions, sink',
    ]);
  },
);

serverTest(
  'NATS: under the rights of `sluice acl` all is ok, missing rights and settings of streams that lose are found, and no message, stream or consumer is left behind',
  { needs: ['nats-process'] },
  async () => {
    using project = newProject({});
    await using broker = await startNats({ config: await natsGuarded.guarded(project) });
    await using admin = await natsGuarded.administrator(broker);
    await natsGuarded.makeStreams(admin);
    await admin.connection.request('orders.o1.new', 'one', { timeout: DEADLINE_MS });
    const heard: string[] = [];
    admin.connection.subscribe('>', {
      callback(_, { subject }) {
        if (!/^(\$|_INBOX)/.test(subject)) heard.push(subject);
      },
    });
    const state = (): Promise<string> => natsState(admin.manager);
    const before = await state();
    const words = natsGuarded.pipeline(broker.url) as { buses: Record<string, object>; routes: { from: object }[] };
    const sync = new Map(Object.keys(words.buses).map((name) => [name, 'jetstream { sync_interval: always }']));

    const healthy = await examined(words, { configs: sync });
    assert.deepEqual(wrong(healthy), []);
    assert.deepEqual(withVerdict(healthy, 'unknown'), ['PERMISSION route signals, source']);
    const rights = healthy.filter(({ code, verdict }) => code === 'PERMISSION' && verdict === 'ok');
    assert.equal(rights.length, 7, 'each end');
    assert.equal(await state(), before);

    // Another user: its rights are those of the third route.
    const other = {
      ...words,
      buses: { ...words.buses, hub: { ...words.buses['hub'], user: 'maker', inboxPrefix: '_INBOX_maker' } },
    };
    const denied = await examined(other);
    assertFound(denied, [
      'PERMISSION route orders, source',
      'PERMISSION route orders, sink',
      'PERMISSION route orders, dead letters',
    ]);
    assert.match(JSON.stringify(denied), /the server denies publish tasks\.\*/);

    await admin.manager.streams.update('ORDERS', { max_age: 10_000_000_000 });
    await admin.manager.streams.update('TASKS', { max_msgs: 10, max_msg_size: 100 });
    await admin.manager.streams.delete('LETTERS');
    const changed = await state();
    const routes = words.routes.map((route) => ({ ...route, from: { ...route.from, maxBody: '64KiB' } }));
    const faulty = await examined({ ...words, routes });
    assertFound(faulty, [
      'RETENTION route orders, source, stream ORDERS',
      'RETENTION route orders, sink, stream TASKS',
      'MAX_BODY route orders, sink, stream TASKS',
      'EXISTS route orders, dead letters, stream LETTERS',
    ]);
    assert.match(JSON.stringify(faulty), /discard old/);
    assert.equal(await state(), changed);
    assert.deepEqual(heard, [], 'nothing was delivered');
  },
);

serverTest(
  'Kafka: under the rights of `sluice acl` all is ok, missing rights, copies, sizes and topics are found, and no topic, group or message is left behind',
  { needs: ['kafka-process'] },
  async () => {
    using project = newProject({});
    await using kafka = await startKafka({ users: kafkaGuarded.USERS, acl: true });
    const words = kafkaGuarded.pipeline(kafka.listeners.sasl) as { buses: { log: { sasl: object } }; routes: object[] };
    const file = project.write('pipelines/guarded.yaml', words);
    const acl = kafkaGuarded.listsOf(await configurationFor('kafka', file));
    await kafka.admin((admin) => admin.createAcls({ acl }));
    await kafka.createTopics(['orders', 'tasks.k0', 'letters']);
    const before = await kafkaState(kafka);

    const healthy = await examined(words);
    assert.deepEqual(wrong(healthy), []);
    // Its sources have no right to settings, and so far there is no group.
    assert.deepEqual(
      [...new Set(withVerdict(healthy, 'unknown').map((line) => line.split(' ')[0]))],
      ['GROUP', 'RETENTION'],
    );
    assert.ok(withVerdict(healthy, 'ok').includes('PERMISSION route orders, sink, topic tasks.k0'));
    assert.equal(await kafkaState(kafka), before);

    const log = (more: object): object => ({
      ...words,
      buses: { ...words.buses, log: { ...words.buses.log, ...more } },
    });
    const asMaker = await examined(log({ sasl: { ...words.buses.log.sasl, username: 'maker' } }));
    assertFound(asMaker, [
      'PERMISSION route orders, source, topic orders',
      'PERMISSION route orders, dead letters, topic letters',
    ]);
    const asNobody = await examined(log({ sasl: { ...words.buses.log.sasl, password: 'env:WRONG_PW' } }));
    assertFound(asNobody, ['IDENTITY']);

    await kafka.createTopic('strict', { config: { 'min.insync.replicas': '2', 'max.message.bytes': '1000' } });
    await kafka.createTopic('short', { config: { 'retention.ms': '60000' } });
    await kafka.createTopic('compacted', { config: { 'cleanup.policy': 'compact' } });
    const offsets = { groupId: 'known', topic: 'short', partitions: [{ partition: 0, offset: '0' }] };
    await kafka.admin((admin) => admin.setOffsets(offsets));
    const changed = await kafkaState(kafka);
    const faulty = await examined({
      name: 'faulty',
      buses: { log: { bus: 'kafka', brokers: kafka.brokers } },
      routes: [
        {
          name: 'r',
          from: {
            bus: 'log',
            topics: ['short', 'compacted', 'missing'],
            maxBody: '64KiB',
            group: 'known',
            sessionTimeout: '1d',
            rebalanceTimeout: '1d',
          },
          to: { bus: 'log', topic: 'strict', partition: 7 },
        },
      ],
    });
    assertFound(faulty, [
      'RETENTION route r, source, topic short',
      'RETENTION route r, source, topic compacted',
      'TOPIC route r, source, topic missing',
      'MIN_ISR route r, sink, topic strict',
      'MAX_BODY route r, sink, topic strict',
      'TOPIC route r, sink, topic strict',
      'SESSION_TIMEOUT route r, source',
    ]);
    assert.match(JSON.stringify(faulty), /group known","found":"Empty, 0 members"/);
    assert.ok(withVerdict(faulty, 'ok').includes('PERMISSION route r, source, group known'));
    assert.equal(await kafkaState(kafka), changed);
  },
);

serverTest(
  'RabbitMQ: under its rights all is ok but an old version, missing rights, bindings and settings that drop are found, and queues, bindings and messages stay as they were',
  { needs: ['rabbitmq'] },
  async () => {
    const server = await sharedRabbitMq();
    const url = await server.freshVhost();
    const vhost = new URL(url).pathname.slice(1);
    const [bridge, stranger] = [ownName('bridge'), ownName('stranger')];
    const fence = '^sluice-fence-[0-9a-f]{16}$';
    await server.setUser(bridge, PW, { vhost, configure: fence, write: '^tasks$', read: `^orders$|${fence}` });
    await server.setUser(stranger, PW, { vhost, configure: '^$', write: '^$', read: '^$' });
    const connection = await connect(url);
    whenTestEnds(() => void connection.close().catch(() => {}));
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange('tasks', 'topic');
    await channel.assertExchange('loose', 'topic');
    const quorum = { 'x-queue-type': 'quorum' };
    await channel.assertQueue('orders', { arguments: quorum });
    await channel.assertQueue('kept', { arguments: quorum });
    await channel.bindQueue('kept', 'tasks', 'tasks.#');
    await channel.assertQueue('short', { arguments: { 'x-max-length': 5, 'x-message-ttl': 1000 } });
    await channel.assertQueue('limited', { arguments: { ...quorum, 'x-delivery-limit': 5 } });
    channel.sendToQueue('orders', Buffer.from('one'));
    await channel.waitForConfirms();
    const management = `${server.managementUrl?.replace('//', '//guest:guest@')}`;
    const state = (): Promise<string> => rabbitState(channel, `${server.managementUrl}`, vhost);
    const pipeline = (username: string, { from = {}, to = {} }: { from?: object; to?: object } = {}): object => ({
      name: 'shop',
      buses: { work: { bus: 'rabbitmq', url, username, password: 'env:PW', management } },
      routes: [
        {
          name: 'orders',
          class: 'command',
          from: { bus: 'work', queue: 'orders', key: '{header.unit}', expires: '1h', ...from },
          to: { bus: 'work', exchange: 'tasks', routingKey: 'tasks.{header.kind}', ...to },
        },
      ],
    });
    const before = await state();
    const configs = new Map([['work', 'consumer_timeout = 7200000']]);

    const healthy = await examined(pipeline(bridge), { configs });
    const isOther = ({ code }: Found): boolean => code !== 'SERVER_VERSION';
    assert.deepEqual(wrong(healthy.filter(isOther)), []);
    assert.deepEqual(withVerdict(healthy, 'unknown'), []);
    assert.equal(await state(), before);

    const denied = await examined(pipeline(stranger), { configs: new Map([['work', '']]) });
    assertFound(denied, [
      'READ route orders, source, queue orders',
      'WRITE route orders, sink, exchange tasks, routing key "tasks.sluice-doctor"',
      'CONFIGURE route orders, sink, the queue of its fence',
      'CONSUMER_TIMEOUT route orders, source, queue orders',
    ]);

    const asGuest = (ends: { from?: object; to?: object }): object => {
      const words = pipeline('guest', ends) as { buses: { work: object } };
      return { ...words, buses: { work: { ...words.buses.work, password: 'env:GUEST_PW' } } };
    };
    assertFound(await examined(asGuest({ from: { queue: 'short', type: 'quorum' }, to: { exchange: 'loose' } })), [
      'EXISTS route orders, source, queue short',
      'QUEUE_SETTINGS route orders, source, queue short',
      'BINDINGS route orders, sink, exchange loose',
    ]);
    assertFound(await examined(asGuest({ from: { queue: 'limited' }, to: { exchange: 'nowhere' } })), [
      'DELIVERY_LIMIT route orders, source, queue limited',
      'EXISTS route orders, sink, exchange nowhere',
    ]);
    assertFound(await examined(asGuest({ from: { queue: 'missing' } })), [
      'EXISTS route orders, source, queue missing',
    ]);
    assertFound(await examined(pipeline('guest')), ['IDENTITY']);
    assert.equal(await state(), before);
    const first = await channel.get('orders');
    assert.equal(first !== false && first.fields.redelivered, false, 'the message was never delivered');
  },
);
