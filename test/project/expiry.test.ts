import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { explainRoute } from '../../runtime/project/explain/explain-route.ts';
import { checkedFile } from './checked-file.ts';

const BUSES = {
  mqtt: { bus: 'mqtt', url: 'mqtt://a' },
  old: { bus: 'mqtt', url: 'mqtt://a', protocol: '3.1.1' },
  nats: { bus: 'nats', url: 'nats://a' },
  jetstream: { bus: 'jetstream', url: 'nats://a' },
  kafka: { bus: 'kafka', brokers: ['a:9092'] },
  rabbitmq: { bus: 'rabbitmq', url: 'amqp://a' },
};
type BusName = keyof typeof BUSES;
const FROM: Readonly<Record<BusName, object>> = {
  mqtt: { topics: ['a'] },
  old: { topics: ['a'] },
  nats: { subjects: ['a'] },
  jetstream: { stream: 'S' },
  kafka: { topics: ['a'] },
  rabbitmq: { queue: 'q' },
};
const OF_PUBLISHER = { after: '30s', of: 'publisher' };

function checked(bus: BusName, words: object) {
  const { findings, spec } = checkedFile({
    name: 'p',
    buses: { [bus]: BUSES[bus], out: { bus: 'memory', hub: 'h' } },
    routes: [{ name: 'r', from: { bus, ...FROM[bus], ...words }, to: { bus: 'out', address: 'b' } }],
  });
  const [found, ...more] = findings.filter(({ path }) => path === '/routes/0/from/expires');
  assert.deepEqual(more, []);
  const [route] = spec?.routes ?? [];
  const source = catalog.buses.get(BUSES[bus].bus)?.sourceGuarantees({
    connection: BUSES[bus],
    end: { session: '1d', qos: 1, maxCommitMetadata: '4000B', ...FROM[bus] },
  });
  const explained =
    route === undefined || source === undefined
      ? undefined
      : explainRoute(route, source, [source]).faults['a message expires'];
  return { found, explained };
}

const said: readonly (readonly [BusName, string, string, RegExp])[] = [
  ['mqtt', 'EXPIRY_AGE_UNKNOWN', 'warning', /bounds the wait at the server: the publisher's message expiry interval/],
  ['old', 'EXPIRY_AGE_UNKNOWN', 'warning', /MQTT 3.1.1 has none/],
  ['nats', 'EXPIRY_CLOCK', 'notice', /counts from its arrival at the bridge/],
  ['jetstream', 'EXPIRY_CLOCK', 'notice', /counts from when the server took it/],
  ['kafka', 'EXPIRY_CLOCK', 'notice', /counts from its publisher's timestamp, or the server's/],
  ['rabbitmq', 'EXPIRY_AGE_UNKNOWN', 'warning', /of: publisher }.*x-message-ttl of the queue/],
];

for (const [bus, code, severity, words] of said) {
  test(`check says of ${bus} from which time expiry counts, or what bounds an age that nobody knows`, () => {
    const { found, explained } = checked(bus, { expires: '30s' });
    assert.deepEqual([found?.code, found?.severity], [code, severity]);
    assert.match(`${found?.found}\n${found?.write}`.replaceAll('\n', ' '), words);
    const clock = /counts from (.*)$/.exec(found?.found ?? '')?.[1];
    assert.ok(clock !== undefined && explained?.includes(`counted from ${clock}`), 'explain says the same');
    assert.equal(checked(bus, {}).found, undefined, 'nothing is said of a route without expires');
  });
}

test("of: publisher is refused where no message can have a publisher's time, and kept elsewhere", () => {
  const codes = said.map(([bus]) => [bus, checked(bus, { expires: OF_PUBLISHER }).found?.code]);
  assert.deepEqual(Object.fromEntries(codes), {
    mqtt: 'EXPIRY_NEEDS_TIME',
    old: 'EXPIRY_NEEDS_TIME',
    nats: 'EXPIRY_NEEDS_TIME',
    jetstream: 'EXPIRY_NEEDS_TIME',
    kafka: 'EXPIRY_CLOCK',
    rabbitmq: 'EXPIRY_CLOCK',
  });
  for (const [bus] of said) {
    const { found, explained } = checked(bus, { expires: OF_PUBLISHER, timestamp: '{body.time}' });
    assert.equal(found?.code, 'EXPIRY_CLOCK', bus);
    assert.match(explained ?? '', /^after 30 s.*the time that timestamp reads .*TIMESTAMP_MISSING/);
  }
});

test('check and explain say as what timestamp reads its numbers', () => {
  const says = {
    s: 'RFC 3339, or seconds since 1970',
    ms: 'RFC 3339, or milliseconds since 1970',
    us: 'RFC 3339, or microseconds since 1970',
    ns: 'RFC 3339, or nanoseconds since 1970',
  };
  for (const [unit, words] of Object.entries(says)) {
    const { found, explained } = checked('mqtt', { expires: '30s', timestamp: { of: '{body.ts}', unit } });
    assert.match(found?.found ?? '', new RegExp(`counts from the time that timestamp reads \\(${words}\\);`));
    assert.match(explained ?? '', new RegExp(`counted from the time that timestamp reads \\(${words}\\);`));
  }
  const { found } = checked('mqtt', { expires: '30s', timestamp: '{body.ts}' });
  assert.match(found?.found ?? '', /reads \(RFC 3339, or milliseconds since 1970\);/);
});

test('a form of expires that does not exist is refused where it stands', () => {
  const codeOf = (expires: unknown): string | undefined => checked('kafka', { expires }).found?.code;
  assert.equal(codeOf(30), 'UNIT_MISSING');
  assert.equal(codeOf([]), 'WRONG_TYPE');
});
