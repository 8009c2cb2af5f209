import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { checkedFile } from './checked-file.ts';

const SOURCES = {
  mqtt: { bus: 'mqtt', url: 'mqtt://h:1', topics: ['in/+'], key: '{topic.1}' },
  jetstream: { bus: 'jetstream', url: 'nats://h:1', stream: 'T', key: '{subject.1}' },
  rabbitmq: { bus: 'rabbitmq', url: 'amqp://h:1', queue: 'q', key: '{routingKey.0}' },
  kafka: { bus: 'kafka', brokers: ['h:1'], topics: ['t'], group: 'g' },
} as const;
const CLASSES = {
  event: {},
  audit: {},
  command: { expires: '1m', timestamp: '{header.sent}' },
  telemetry: { expires: '1m', timestamp: '{header.sent}' },
} as const;

function windowOf(from: keyof typeof SOURCES, trafficClass: keyof typeof CLASSES, window?: object): unknown {
  const { bus, url, brokers, ...end } = { url: undefined, brokers: undefined, ...SOURCES[from] };
  const connection = { bus, ...(url !== undefined && { url }), ...(brokers !== undefined && { brokers }) };
  const source = { bus: 'from', ...end, ...CLASSES[trafficClass], ...(window && { window }) };
  const file = {
    name: 'p',
    buses: { from: connection, to: { bus: 'jetstream', url: 'nats://h:2' } },
    routes: [{ name: 'r', class: trafficClass, from: source, to: { bus: 'to', stream: 'S', subject: 'out' } }],
  };
  const { spec, findings } = checkedFile(file, { mode: 'run', environment: {} });
  assert.ok(spec, findingsText(findings));
  const { messages, slowMessages } = spec.routes[0]?.from.window ?? {};
  return { messages, slowMessages };
}

test('a window without a stated bound is 256 messages, and 1,024 where the route is fast; of telemetry 16,384', () => {
  for (const bus of ['mqtt', 'jetstream', 'rabbitmq'] as const) {
    for (const trafficClass of ['event', 'audit', 'command'] as const) {
      assert.deepEqual(
        windowOf(bus, trafficClass),
        { messages: 1024, slowMessages: 256 },
        `${trafficClass} from ${bus}`,
      );
    }
    assert.deepEqual(windowOf(bus, 'telemetry'), { messages: 16_384, slowMessages: 16_384 });
  }
});

test('a command window from Kafka is 256 messages, because a commit surely has room for what is settled behind so many', () => {
  assert.deepEqual(windowOf('kafka', 'command'), { messages: 256, slowMessages: 256 });
  assert.deepEqual(windowOf('kafka', 'event'), { messages: 1024, slowMessages: 256 });
});

test('a stated bound holds for a route of any speed', () => {
  for (const trafficClass of ['event', 'command', 'telemetry'] as const) {
    assert.deepEqual(windowOf('mqtt', trafficClass, { messages: 700 }), { messages: 700, slowMessages: 700 });
  }
});
