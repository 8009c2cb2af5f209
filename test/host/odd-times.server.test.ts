import assert from 'node:assert/strict';
import { channelTo, oneHome, QUORUM } from '../buses/rabbitmq/ends.ts';
import type { KafkaDoor } from '../harness/kafka-door.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { ownName, sharedKafka } from '../harness/shared.ts';
import { parseMetrics } from '../telemetry/prometheus.ts';
import { clientIdAt } from './field-to-core.ts';
import { newProject, type Project } from '../harness/project.ts';
import { newPublisher } from './publisher.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { readTopic } from './topic-end.ts';

const home = oneHome();
const NOW_MS = Date.now();

/** `froms`: the source of each route, by the route's name. */
function projectInto(kafka: KafkaDoor, topic: string, bus: object, froms: Readonly<Record<string, object>>): Project {
  return newProject({
    'pipelines/times.yaml': {
      name: 'times',
      buses: { in: bus, log: { bus: 'kafka', brokers: kafka.brokers } },
      routes: Object.entries(froms).map(([name, from]) => ({
        name,
        from: { bus: 'in', ...from },
        to: { bus: 'log', topic },
      })),
    },
  });
}

/** The number in each body of a topic, in the order of the log, with the time of its record. */
async function logged(kafka: KafkaDoor, topic: string, count: number): Promise<(readonly [number, number])[]> {
  const found = await readTopic(kafka, topic, count);
  return found.map(({ value, timestamp }) => [(JSON.parse(String(value)) as { n: number }).n, Number(timestamp)]);
}

serverTest(
  'MQTT to Kafka, timestamp: of a body: fractions are cut off, other units are dead letters, and every other message arrives at once',
  { needs: ['mosquitto', 'kafka'] },
  async () => {
    await using field = await startMosquitto();
    await using kafka = await sharedKafka();
    const topic = ownName('times');
    await kafka.createTopic(topic);
    await using publisher = await newPublisher(field.url);
    const bus = { bus: 'mqtt', url: field.url, protocol: '5', clientId: clientIdAt(field.url) };
    using project = projectInto(kafka, topic, bus, {
      up: { topics: ['in/+'], timestamp: '{body.ts}', expires: '1h', key: '{topic.1}' },
    });
    await using bridge = startSluice(['run', 'pipelines/times.yaml', '--admin', '127.0.0.1:0'], {
      cwd: project.folder,
    });
    const admin = String((await bridge.said('admin'))['url']);
    await bridge.said('ready');
    const seconds = Math.floor(NOW_MS / 1000);
    const texts = ['"soon"', `"${seconds}.5"`, `"0x${NOW_MS.toString(16)}"`];
    const odd = [seconds, NOW_MS * 1000, NOW_MS * 1_000_000, -1, ...texts, 1e20, 'null', '[1]'];
    const times = Array.from({ length: 100 }, (_, n) =>
      n % 10 === 9 ? odd[(n - 9) / 10] : n % 4 === 1 ? NOW_MS + 0.25 : NOW_MS,
    );
    for (const [n, ts] of times.entries()) await publisher.publish('in/a', `{"n":${n},"ts":${ts ?? NOW_MS}}`);
    const isOdd = (n: number): boolean => n % 10 === 9 && (n - 9) / 10 < odd.length;
    const wanted = Array.from({ length: 100 }, (_, n) => n).filter((n) => !isOdd(n));
    const startMs = performance.now();
    assert.deepEqual(
      await logged(kafka, topic, wanted.length),
      wanted.map((n) => [n, NOW_MS]),
    );
    assert.ok(performance.now() - startMs < 25_000);
    const metrics = await parseMetrics(`${admin}/metrics`);
    assert.equal(metrics.value('sluice_pipeline_messages_total', { sluice_outcome: 'dead-lettered' }), odd.length);
    assert.equal(metrics.value('sluice_send_rewinds_total'), 0, 'the sink is blamed for nothing');
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
    assert.deepEqual(
      bridge.lines().filter(({ code }) => code === 'INTERNAL' || code === 'SINK_DOWN'),
      [],
    );
  },
);

serverTest(
  'MQTT to Kafka, timestamp: with a unit: seconds, their fractions, microseconds and nanoseconds are the millisecond of the record',
  { needs: ['mosquitto', 'kafka'] },
  async () => {
    await using field = await startMosquitto();
    await using kafka = await sharedKafka();
    const topic = ownName('units');
    await kafka.createTopic(topic);
    await using publisher = await newPublisher(field.url);
    const bus = { bus: 'mqtt', url: field.url, protocol: '5', clientId: clientIdAt(field.url) };
    const units = ['s', 'ms', 'us', 'ns'];
    const fromOf = (unit: string): object => ({
      topics: [`${unit}/+`],
      timestamp: { of: '{body.ts}', unit },
      expires: '1h',
      key: '{topic.1}',
    });
    using project = projectInto(
      kafka,
      topic,
      bus,
      Object.fromEntries(units.map((unit) => [`up-${unit}`, fromOf(unit)])),
    );
    await using bridge = startSluice(['run', 'pipelines/times.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    const seconds = Math.floor(NOW_MS / 1000);
    const text = `${seconds}.${String(NOW_MS % 1000).padStart(3, '0')}`;
    const sent: readonly (readonly [string, string, number])[] = [
      ['s', `${seconds}`, seconds * 1000],
      ['s', text, NOW_MS],
      ['s', `"${text}999"`, NOW_MS],
      ['s', `"${new Date(NOW_MS).toISOString()}"`, NOW_MS],
      ['ms', `${NOW_MS}`, NOW_MS],
      ['us', `${NOW_MS}999`, NOW_MS],
      ['us', `"${NOW_MS}999"`, NOW_MS],
      ['ns', `"${NOW_MS}999999"`, NOW_MS],
      // A route that sends the bytes on as they came reads every digit.
      ['ns', `${NOW_MS}999999`, NOW_MS],
    ];
    for (const [n, [unit, ts]] of sent.entries()) await publisher.publish(`${unit}/a`, `{"n":${n},"ts":${ts}}`);
    const found = await logged(kafka, topic, sent.length);
    assert.deepEqual(
      found.toSorted(([a], [b]) => a - b),
      sent.map(([, , ms], n) => [n, ms]),
    );
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);

serverTest(
  "RabbitMQ to Kafka: a publisher's timestamp that is no time is left out and counted, and the message arrives",
  { needs: ['rabbitmq', 'kafka'] },
  async () => {
    await using kafka = await sharedKafka();
    const { url } = await home();
    const topic = ownName('stamps');
    await kafka.createTopic(topic);
    const channel = await channelTo(url);
    await channel.assertQueue('stamps', QUORUM);
    using project = projectInto(kafka, topic, { bus: 'rabbitmq', url }, { up: { queue: 'stamps' } });
    await using bridge = startSluice(['run', 'pipelines/times.yaml', '--admin', '127.0.0.1:0'], {
      cwd: project.folder,
    });
    const admin = String((await bridge.said('admin'))['url']);
    await bridge.said('ready');
    const seconds = Math.floor(NOW_MS / 1000);
    for (const [n, timestamp] of [seconds, 2 ** 63 + 4096, 2 ** 60, seconds].entries()) {
      channel.sendToQueue('stamps', Buffer.from(`{"n":${n}}`), { timestamp, messageId: String(n) });
    }
    const found = await logged(kafka, topic, 4);
    assert.deepEqual(
      found.map(([n]) => n),
      [0, 1, 2, 3],
    );
    const [first, huge] = found.map(([, time]) => time);
    assert.equal(first, seconds * 1000);
    assert.ok(Math.abs((huge ?? 0) - Date.now()) < 60_000, 'one without a time has that of its writing');
    const metrics = await parseMetrics(`${admin}/metrics`);
    assert.equal(metrics.value('sluice_bus_notices_total', { sluice_code: 'TIMESTAMP_IGNORED' }), 2);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);
