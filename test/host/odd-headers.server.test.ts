import assert from 'node:assert/strict';
import { kafkaClient } from '../harness/kafka-client.ts';
import { serverTest } from '../harness/server-test.ts';
import { natsWords } from '../harness/nats-client.ts';
import { ownName, sharedKafka, sharedNats } from '../harness/shared.ts';
import { watchStream } from '../harness/out-stream.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { readTopic } from './topic-end.ts';

const NEEDS = { needs: ['kafka', 'nats'] } as const;

/** As Spring writes them into a dead-letter topic, and what else no line of text can hold. */
function springHeaders(): Record<string, Buffer> {
  const offset = Buffer.alloc(8);
  offset.writeBigInt64BE(4711n);
  return {
    'kafka_dlt-original-offset': offset,
    'kafka_dlt-original-partition': Buffer.from([0, 0, 0, 3]),
    'kafka_dlt-exception-message': Buffer.from('Listener failed;\n\tnested exception: boom\r\n'),
    'a name: with all sorts': Buffer.from('plain'),
    binary: Buffer.from([0xff, 0xfe, 0, 1, 0x80]),
    empty: Buffer.alloc(0),
    'Nats-Rollup': Buffer.from('all'),
    plain: Buffer.from('as it is'),
  };
}

/** Through the client's own producer, which takes headers of any bytes. */
async function produce(
  { brokers }: { readonly brokers: readonly string[] },
  topic: string,
  messages: Parameters<ReturnType<ReturnType<typeof kafkaClient>['producer']>['send']>[0]['messages'],
): Promise<void> {
  const producer = kafkaClient({ clientId: topic, brokers: [...brokers] }).producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

serverTest(
  'Kafka to JetStream to Kafka: every header of a dead-letter topic of Spring arrives byte for byte',
  NEEDS,
  async () => {
    await using kafka = await sharedKafka();
    await using core = await sharedNats();
    await using stream = await watchStream(core.url);
    const [first, last] = [ownName('first'), ownName('last')];
    await kafka.createTopics([first, last]);
    using project = newProject({
      'pipelines/chain.yaml': {
        name: ownName('chain'),
        buses: {
          log: { bus: 'kafka', brokers: kafka.brokers },
          core: { bus: 'jetstream', ...natsWords(core.url), create: true },
        },
        routes: [
          {
            name: 'out',
            from: { bus: 'log', topics: [first] },
            to: { bus: 'core', stream: 'OUT', subject: 'out.{key}' },
          },
          {
            name: 'back',
            from: { bus: 'core', stream: 'OUT', subjects: ['out.>'] },
            to: { bus: 'log', topic: last, headers: { drop: ['kafka_dlt-original-partition'] } },
          },
        ],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/chain.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    const sent = springHeaders();
    await produce(kafka, first, [{ key: 'k', value: '{}', headers: sent }]);
    const [stored] = await stream.read(1);
    assert.deepEqual(stored?.header('plain'), ['as it is']);
    assert.deepEqual(stored?.header('Nats-Rollup'), []);
    const [arrived] = (await readTopic(kafka, last, 1)).map(({ headers }) => headers);
    const { 'kafka_dlt-original-partition': dropped, ...wanted } = sent;
    assert.ok(dropped);
    for (const [name, bytes] of Object.entries(wanted)) {
      assert.deepEqual(Buffer.from(arrived?.[name] as Buffer), bytes, name);
    }
    assert.equal(arrived?.['kafka_dlt-original-partition'], undefined);
    assert.equal(arrived?.['carried-headers'], undefined);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);

serverTest(
  'unspellable: reject makes a dead letter of a message whose header the bus cannot spell, and its neighbours pass',
  NEEDS,
  async () => {
    await using kafka = await sharedKafka();
    await using core = await sharedNats();
    await using stream = await watchStream(core.url);
    const topic = ownName('odd');
    await kafka.createTopic(topic);
    using project = newProject({
      'pipelines/strict.yaml': {
        name: ownName('strict'),
        buses: {
          log: { bus: 'kafka', brokers: kafka.brokers },
          core: { bus: 'jetstream', ...natsWords(core.url), create: true },
        },
        routes: [
          {
            name: 'out',
            from: { bus: 'log', topics: [topic] },
            to: { bus: 'core', stream: 'OUT', subject: 'out.{key}', headers: { unspellable: 'reject' } },
          },
        ],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/strict.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    const messages = [{}, springHeaders(), {}].map((headers, n) => ({ key: 'k', value: `{"n":${n}}`, headers }));
    await produce(kafka, topic, messages);
    const stored = await stream.read(2);
    assert.deepEqual(
      stored.map(({ body }) => Buffer.from(body).toString()),
      ['{"n":0}', '{"n":2}'],
    );
    assert.equal((await bridge.said('dead-letter'))['code'], 'HEADER_UNSPELLABLE');
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);

serverTest(
  'a content type that the file sets is the one that consumers see, and one that it drops is gone',
  NEEDS,
  async () => {
    await using kafka = await sharedKafka();
    await using core = await sharedNats();
    await using stream = await watchStream(core.url);
    const [first, last] = [ownName('first'), ownName('last')];
    await kafka.createTopics([first, last]);
    using project = newProject({
      'functions/same.ts': 'export default (body) => body;',
      'pipelines/typed.yaml': {
        name: ownName('typed'),
        buses: {
          log: { bus: 'kafka', brokers: kafka.brokers },
          core: { bus: 'jetstream', ...natsWords(core.url), create: true },
        },
        routes: [
          {
            name: 'out',
            from: { bus: 'log', topics: [first] },
            stages: [{ function: 'same' }],
            to: {
              bus: 'core',
              stream: 'OUT',
              subject: 'out.{key}',
              headers: { set: { 'content-type': 'application/cloudevents+json', was: '{header.Content-Type}' } },
            },
          },
          {
            name: 'back',
            from: { bus: 'core', stream: 'OUT', subjects: ['out.>'] },
            to: { bus: 'log', topic: last, headers: { drop: ['Content-Type'] } },
          },
        ],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/typed.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    const headers = { 'content-type': 'application/json' };
    await produce(kafka, first, [{ key: 'k', value: '{}', headers }]);
    const [stored] = await stream.read(1);
    assert.deepEqual(stored?.header('content-type'), ['application/cloudevents+json']);
    assert.deepEqual(stored?.header('carried-headers'), []);
    assert.deepEqual(stored?.header('was'), ['application/json']);
    const [arrived] = await readTopic(kafka, last, 1);
    assert.deepEqual(
      Object.keys(arrived?.headers ?? {}).filter((name) => /content-type|carried/i.test(name)),
      [],
    );
    assert.equal(String(arrived?.headers?.['was']), 'application/json');
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);
