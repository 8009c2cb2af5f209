import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedFile } from './checked-file.ts';

const BUSES = {
  jetstream: { words: { url: 'nats://a' }, from: { stream: 'S' } },
  kafka: { words: { brokers: ['a:9092'] }, from: { topics: ['a'] } },
  rabbitmq: { words: { url: 'amqp://a' }, from: { queue: 'q', type: 'stream' } },
};

function codesOf(bus: keyof typeof BUSES, time: string): readonly string[] {
  const { words, from } = BUSES[bus];
  const { findings } = checkedFile({
    name: 'p',
    buses: { in: { bus, ...words }, out: { bus: 'memory', hub: 'h' } },
    routes: [{ name: 'r', from: { bus: 'in', ...from, start: { time } }, to: { bus: 'out', address: 'b' } }],
  });
  return findings.filter(({ path }) => path.startsWith('/routes/0/from/start')).map(({ code }) => code);
}

for (const bus of ['jetstream', 'kafka', 'rabbitmq'] as const) {
  test(`${bus} begins at a moment of the calendar, and check refuses what is none before a server takes it for another`, () => {
    for (const time of ['2026-01-02T03:04:05Z', '2028-02-29T23:59:59.999+14:00']) {
      assert.deepEqual(codesOf(bus, time), [], time);
    }
    for (const time of [
      '2026-11-26T24:00:00Z',
      '2026-11-26T12:60:00Z',
      '2016-12-31T23:59:60Z',
      '2026-13-01T00:00:00Z',
    ]) {
      assert.deepEqual(codesOf(bus, time), ['WRONG_VALUE'], time);
    }
    for (const time of ['2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z']) {
      assert.deepEqual(codesOf(bus, time), ['OPTIONS_CONFLICT'], time);
    }
  });
}
