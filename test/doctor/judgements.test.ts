import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExaminedEnd } from '../../runtime/contract/doctor.ts';
import { judgeFilter, judgeServer } from '../../runtime/buses/mqtt/doctor/judge.ts';
import { judgeMosquittoConf, readMosquittoConf } from '../../runtime/buses/mqtt/doctor/mosquitto-conf.ts';
import { judgeSinkStream } from '../../runtime/buses/nats/doctor/judge-stream.ts';
import { judgeSyncInterval } from '../../runtime/buses/nats/doctor/nats-conf.ts';
import { judgeKafkaVersion, judgeServers, judgeSinkTopic, judgeTopic } from '../../runtime/buses/kafka/doctor/judge.ts';
import { exampleKey, judgeConsumerTimeout, judgeSettings } from '../../runtime/buses/rabbitmq/doctor/judge.ts';
import {
  collected,
  isOlder,
  judgeClock,
  judgeMaxBody,
  judgeVersion,
  type LineWriter,
} from '../../runtime/buses/support/doctor-checks.ts';
import { shown } from './shown.ts';
import { holdsForMs } from '../../runtime/buses/support/doctor-retention.ts';

const HOUR_MS = 3_600_000;

/** `verdict CODE` of each line. */
function judged(judge: (say: LineWriter) => void): readonly string[] {
  return shown(collected(judge));
}

function end<End>(options: End, more: Partial<ExaminedEnd> = {}): ExaminedEnd<End> {
  return {
    pipeline: 'p',
    route: 'r',
    direction: 'sink',
    isFenced: false,
    trafficClass: 'event',
    rights: [],
    addresses: [],
    maxBodyBytes: undefined,
    windowMessages: 256,
    outageMs: HOUR_MS,
    hasSpool: false,
    ...more,
    end: options,
  };
}

test('a version below the oldest is an error, one without fixes a warning', () => {
  const versions = { product: 'server', oldest: '2.9', maintainedFrom: '2.11' };
  const of = (version: string): readonly string[] => judged((say) => judgeVersion(say, version, versions));
  assert.deepEqual(of('2.8.4'), ['error SERVER_VERSION']);
  assert.deepEqual(of('2.10.29'), ['warning SERVER_VERSION']);
  assert.deepEqual(of('2.11.0'), ['ok SERVER_VERSION']);
  assert.equal(isOlder('3.13.7', '4.0'), true);
  assert.equal(isOlder('4.0.0-rc.1', '4.0'), false);
});

test('a clock is judged by the most that it can be wrong, never by the time of the question', () => {
  const of = (serverMs: number, precisionMs = 0): readonly string[] =>
    judged((say) => judgeClock(say, { serverMs, beforeMs: 10_000, afterMs: 15_000, precisionMs }));
  assert.deepEqual(of(10_000), ['ok CLOCK']);
  assert.deepEqual(of(16_900), ['ok CLOCK']);
  assert.deepEqual(of(17_100), ['warning CLOCK']);
  assert.deepEqual(of(7000), ['warning CLOCK']);
  assert.deepEqual(of(7500, 1000), ['ok CLOCK'], 'it tells whole seconds');
  assert.deepEqual(of(-60_000), ['error CLOCK']);
});

test('only a maxBody that the file states is compared with the limit of a server', () => {
  const of = (maxBodyBytes: number | undefined, bytes: number | undefined): readonly string[] =>
    judged((say) => judgeMaxBody(say, end({}, { maxBodyBytes }), { bytes, setting: 'max_payload' }));
  assert.deepEqual(of(undefined, 1024), ['ok MAX_BODY']);
  assert.deepEqual(of(1024, 1024), ['ok MAX_BODY']);
  assert.deepEqual(of(1025, 1024), ['warning MAX_BODY']);
  assert.deepEqual(of(1025, undefined), ['ok MAX_BODY']);
});

test('a bound of messages or bytes lasts as long as the tighter of both, and for ever without one', () => {
  assert.equal(holdsForMs({ messages: undefined, bytes: undefined }, undefined), Infinity);
  assert.equal(holdsForMs({ messages: 100, bytes: undefined }, undefined), undefined);
  assert.equal(holdsForMs({ messages: 100, bytes: undefined }, { perSecond: 10, meanBytes: undefined }), 10_000);
  assert.equal(holdsForMs({ messages: 100, bytes: 500 }, { perSecond: 10, meanBytes: 10 }), 5000);
  assert.equal(holdsForMs({ messages: 100, bytes: 500 }, { perSecond: 10, meanBytes: undefined }), undefined);
});

const LIMITS = {
  receiveMaximum: 20,
  maximumPacketSize: undefined,
  maximumQoS: undefined,
  retainAvailable: true,
  sharedAvailable: true,
  sessionSeconds: undefined,
};

test('MQTT: a small receive maximum, dropped messages and 3.1.1 for a sink are warnings, an unknown server is none', () => {
  const source = end({ topics: ['a'], qos: 1, session: '1d' } as const, { direction: 'source' });
  const sink = end({ topic: 'b', qos: 1, retain: false, timeout: '10s' } as const);
  const stats = new Map([
    ['$SYS/broker/version', 'mosquitto version 1.6.9'],
    ['$SYS/broker/publish/messages/dropped', '7'],
  ]);
  const ends = { sources: [source], sinks: [sink] };
  assert.deepEqual(
    judged((say) => judgeServer(say, { protocol: '3.1.1', limits: LIMITS, stats }, ends)),
    ['warning SERVER_VERSION', 'warning PROTOCOL', 'warning DROPPED', 'warning INFLIGHT'],
  );
  const limits = { ...LIMITS, receiveMaximum: undefined };
  assert.deepEqual(
    judged((say) => judgeServer(say, { protocol: '5', limits, stats: new Map() }, ends)),
    ['unknown SERVER_VERSION', 'ok PROTOCOL', 'ok INFLIGHT'],
  );
});

test('MQTT: a refused filter is an error, a lowered QoS a warning', () => {
  const source = end({ topics: ['a'], qos: 1, session: '1d' } as const, { direction: 'source' });
  const of = (answer: Parameters<typeof judgeFilter>[2]['answer']): readonly string[] =>
    judged((say) => judgeFilter(say, source, { filter: 'a', answer, isMosquitto: false }));
  assert.deepEqual(of({ refused: 'reason 0x87' }), ['error SUBSCRIBE']);
  assert.deepEqual(of({ qos: 0 }), ['warning QOS']);
  assert.deepEqual(of({ qos: 1 }), ['ok SUBSCRIBE']);
});

test('mosquitto.conf: the defaults of mosquitto lose messages, and its last line of a name counts', () => {
  const source = end({ topics: ['a'], qos: 1, session: '1d' } as const, { direction: 'source' });
  const of = (text: string | undefined, perSecond?: number): readonly string[] =>
    judged((say) =>
      judgeMosquittoConf(say, text === undefined ? undefined : readMosquittoConf(text), {
        connection: 'field',
        sources: [source],
        perSecond,
      }),
    );
  assert.deepEqual(of(undefined), ['unknown QUEUE_LIMIT', 'unknown NODELAY', 'unknown PERSISTENCE']);
  assert.deepEqual(of(''), ['warning QUEUE_LIMIT', 'warning NODELAY', 'warning PERSISTENCE', 'ok LISTENERS']);
  const right =
    '# max_queued_messages 5\nmax_queued_messages 5\n max_queued_messages 36000 \nset_tcp_nodelay true\npersistence true\nautosave_interval 30\n';
  assert.deepEqual(of(right), ['ok QUEUE_LIMIT', 'ok NODELAY', 'ok PERSISTENCE', 'ok LISTENERS']);
  assert.equal(of(right, 11)[0], 'warning QUEUE_LIMIT', '11 messages a second for an hour');
  assert.equal(of(`${right}max_queued_bytes 1000000\n`)[0], 'warning QUEUE_LIMIT');
});

type Stream = Parameters<typeof judgeSinkStream>[2]['info'];

function stream(config: object, state: object = {}): Stream {
  const whole = {
    config: {
      name: 'S',
      subjects: ['tracks.>'],
      max_age: 0,
      max_msgs: -1,
      max_bytes: -1,
      max_msgs_per_subject: -1,
      max_msg_size: -1,
      discard: 'old',
      storage: 'file',
      num_replicas: 1,
      sealed: false,
      duplicate_window: 120_000_000_000,
      ...config,
    },
    state: { messages: 0, bytes: 0, first_ts: '', last_ts: '', consumer_count: 0, ...state },
  };
  return whole as unknown as Stream;
}

test('JetStream: each setting of a stream that loses or refuses is found', () => {
  const sink = end({ stream: 'S', subject: 'tracks.{subject.1}', timeout: '5s' }, { maxBodyBytes: 2000 });
  const wrong = (config: object, state?: object, mayRecover = true, perSecond?: number): readonly string[] =>
    judged((say) => {
      judgeSinkStream(say, sink, { info: stream(config, state), perSecond, maxPayload: 1_048_576 }, mayRecover);
    }).filter((line) => !line.startsWith('ok'));
  assert.deepEqual(wrong({}), []);
  assert.deepEqual(wrong({}, {}, false), ['warning DEDUPE_WINDOW'], 'it may not read the end of the stream');
  assert.deepEqual(wrong({ duplicate_window: HOUR_MS * 1e6 }, {}, false), []);
  assert.deepEqual(wrong({ max_age: 60e9 }), ['warning RETENTION']);
  assert.deepEqual(wrong({ max_msgs: 1000 }), ['warning RETENTION'], 'the rate is unknown');
  assert.deepEqual(wrong({ max_msgs: 3600 }, {}, true, 1), []);
  assert.deepEqual(wrong({ max_msgs: 3600, discard: 'new' }, {}, true, 2), ['warning RETENTION']);
  const span = { messages: 601, bytes: 601_000, first_ts: '2026-01-01T00:00:00Z', last_ts: '2026-01-01T00:10:00Z' };
  assert.deepEqual(wrong({ max_msgs: 10_000 }, span), [], 'one a second, as it holds');
  assert.deepEqual(wrong({ max_bytes: 1_000_000 }, span), ['warning RETENTION']);
  assert.deepEqual(wrong({ max_msgs_per_subject: 1 }), ['warning RETENTION'], 'class event keeps all');
  assert.deepEqual(wrong({ max_msg_size: 1000 }), ['warning MAX_BODY']);
  assert.deepEqual(wrong({ subjects: ['other.>'] }), ['error SUBJECTS']);
  assert.deepEqual(wrong({ no_ack: true, sealed: true, storage: 'memory' }), [
    'error EXISTS',
    'error EXISTS',
    'warning STORAGE',
  ]);
});

test('nats-server.conf: anything but sync_interval: always loses to a power cut', () => {
  const of = (text: string | undefined): readonly string[] => judged((say) => judgeSyncInterval(say, text, 'hub'));
  assert.deepEqual(of(undefined), ['unknown SYNC_INTERVAL']);
  assert.deepEqual(of('jetstream { store_dir: x, sync_interval: always }'), ['ok SYNC_INTERVAL']);
  assert.deepEqual(of('jetstream {\n  sync_interval: "2m"\n}'), ['warning SYNC_INTERVAL']);
  assert.deepEqual(of('# sync_interval: always\n'), ['warning SYNC_INTERVAL']);
});

const may = (): boolean => true;

function topic(replicas: number, inSync = replicas, leader = 1): Parameters<typeof judgeSinkTopic>[2] {
  return { topic: 't', errorCode: 0, partitions: [{ leader, replicas, inSync }], may };
}

test('Kafka: copies in sync are compared with min.insync.replicas and with the servers of the cluster', () => {
  const sink = end({ topic: 't', linger: '0ms', batchBytes: '512KiB', timeout: '15s', compression: 'none' } as const);
  const of = (seen: ReturnType<typeof topic>, least: string, servers: number): string | undefined =>
    judged((say) => {
      judgeSinkTopic(say, sink, seen, { config: new Map([['min.insync.replicas', least]]), servers });
    })[0];
  assert.equal(of(topic(3), '2', 3), 'ok MIN_ISR');
  assert.equal(of(topic(3, 1), '2', 3), 'error MIN_ISR', 'it refuses every message');
  assert.equal(of(topic(1), '2', 1), 'error MIN_ISR');
  assert.equal(of(topic(3), '1', 3), 'warning MIN_ISR');
  assert.equal(of(topic(1), '1', 3), 'warning MIN_ISR');
  assert.equal(of(topic(1), '1', 1), 'ok MIN_ISR', 'there is no second server');
  assert.deepEqual(
    judged((say) => judgeSinkTopic(say, sink, topic(1), { config: undefined, servers: 1 })),
    ['unknown MIN_ISR'],
  );
});

test('Kafka: a missing topic, one without a leader and an announced address that does not answer are errors', () => {
  const of = (seen: ReturnType<typeof topic> | undefined, error?: string, create = false): readonly string[] =>
    judged((say) => judgeTopic(say, end({}), { seen, name: 't', create, error }));
  assert.deepEqual(of(topic(1)), ['ok TOPIC']);
  assert.deepEqual(of(topic(1, 1, -1)), ['error TOPIC']);
  assert.deepEqual(of(topic(3, 2)), ['warning TOPIC']);
  assert.deepEqual(of(topic(0), 'UNKNOWN_TOPIC_OR_PARTITION'), ['error TOPIC']);
  assert.deepEqual(of(topic(0), 'UNKNOWN_TOPIC_OR_PARTITION', true), ['ok TOPIC']);
  assert.deepEqual(of(topic(0), 'TOPIC_AUTHORIZATION_FAILED'), ['error PERMISSION']);
  const server = { nodeId: 1, address: 'kafka-0.kafka:9092', failure: 'the host name is not known' };
  assert.deepEqual(
    judged((say) => judgeServers(say, [server], 'log')),
    ['error SERVERS'],
  );
  assert.deepEqual(
    [10, 12, 18].flatMap((fetch) => judged((say) => judgeKafkaVersion(say, fetch))),
    ['error SERVER_VERSION', 'warning SERVER_VERSION', 'ok SERVER_VERSION'],
  );
});

test('RabbitMQ: a quorum queue of version 4 has a delivery limit that nobody wrote', () => {
  const settings = { type: 'quorum', durable: true, autoDelete: false, ownArguments: {}, policy: {} };
  const of = (more: object, version: string): readonly string[] =>
    judged((say) => judgeSettings(say, 'queue q', { settings: { ...settings, ...more }, version }));
  assert.deepEqual(of({}, '3.13.0'), ['ok QUEUE_SETTINGS', 'ok DELIVERY_LIMIT']);
  assert.deepEqual(of({}, '4.1.0'), ['ok QUEUE_SETTINGS', 'warning DELIVERY_LIMIT']);
  assert.deepEqual(of({ policy: { 'delivery-limit': -1 } }, '4.1.0'), ['ok QUEUE_SETTINGS', 'ok DELIVERY_LIMIT']);
  assert.deepEqual(of({ policy: { 'dead-letter-exchange': 'x' } }, '4.1.0'), [
    'ok QUEUE_SETTINGS',
    'ok DELIVERY_LIMIT',
  ]);
  assert.deepEqual(of({ policy: { 'message-ttl': 5 }, type: 'classic' }, '4.1.0'), ['warning QUEUE_SETTINGS']);
});

test('RabbitMQ: a consumer timeout is compared with the outage of a route that holds its deliveries', () => {
  const of = (config: string | undefined, more: Partial<ExaminedEnd> = {}): readonly string[] =>
    judged((say) => {
      const source = end({ queue: 'q', shared: false }, { direction: 'source', ...more });
      judgeConsumerTimeout(say, source, 'q', { settings: undefined, config, connection: 'work' });
    });
  assert.deepEqual(of(undefined), ['unknown CONSUMER_TIMEOUT']);
  assert.deepEqual(of(''), ['warning CONSUMER_TIMEOUT'], '30 minutes by default, and an outage of an hour');
  assert.deepEqual(of('', { outageMs: 60_000 }), ['ok CONSUMER_TIMEOUT']);
  assert.deepEqual(of('', { hasSpool: true }), ['ok CONSUMER_TIMEOUT']);
  assert.deepEqual(of('consumer_timeout = 7200000'), ['ok CONSUMER_TIMEOUT']);
});

test('RabbitMQ: an example of a routing key has something in the place of each placeholder', () => {
  assert.equal(exampleKey(['tasks', { begins: 'k-', ends: '' }, null], '.'), 'tasks.k-sluice-doctor');
  assert.equal(exampleKey(undefined, '.'), '');
});
