import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { certificates } from '../harness/certificates.ts';
import { freePorts } from '../harness/free-ports.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { serverTest } from '../harness/server-test.ts';
import { examined, type Found, withVerdict } from './examined.ts';

const PW = 'geheim';
process.env['PW'] = PW;

serverTest(
  'at 03:00 a server that is away, a name that does not exist, another protocol, a wrong password and TLS without an authority each say what to write, within the timeout',
  { needs: ['mosquitto-process', 'nats-process', 'openssl'] },
  async () => {
    using tls = await certificates();
    await using mosquitto = await startMosquitto({ users: { bridge: PW } });
    await using secure = await startMosquitto({ tls: tls.server });
    await using nats = await startNats({ jetstream: false, users: [{ user: 'bridge', password: PW }] });
    await using secureNats = await startNats({ jetstream: false, tls: tls.server });
    const [closed = 0] = await freePorts(1);
    const timeoutMs = 5000;
    const ends = {
      mqtt: { from: { topics: ['a'] }, to: { topic: 'b' } },
      nats: { from: { subjects: ['a'] }, to: { subject: 'b' } },
      kafka: { from: { topics: ['a'] }, to: { topic: 'b' } },
      rabbitmq: { from: { queue: 'a' }, to: { queue: 'b' } },
    } as const;
    type Kind = keyof typeof ends;
    const at = async (kinds: Readonly<Record<string, readonly [Kind, object]>>): Promise<readonly Found[]> => {
      const buses = Object.entries(kinds).map(([name, [bus, options]]) => [name, { bus, ...options }] as const);
      const routes = Object.entries(kinds).map(([name, [bus]]) => ({
        name: name.toLowerCase(),
        from: { bus: name, ...ends[bus].from },
        to: { bus: name, ...ends[bus].to },
      }));
      const beganAtMs = performance.now();
      const lines = await examined({ name: 'p', buses: Object.fromEntries(buses), routes }, { timeoutMs });
      assert.ok(performance.now() - beganAtMs < timeoutMs + 10_000, 'within the timeout');
      return lines;
    };
    const addresses = (host: string, port: number): Readonly<Record<Kind, readonly [Kind, object]>> => ({
      mqtt: ['mqtt', { url: `mqtt://${host}:${port}` }],
      nats: ['nats', { url: `nats://${host}:${port}` }],
      kafka: ['kafka', { brokers: [`${host}:${port}`] }],
      rabbitmq: ['rabbitmq', { url: `amqp://${host}:${port}` }],
    });
    const said = (lines: readonly Found[], connection: string): string => {
      const [line, ...more] = lines.filter((one) => one.connection === connection);
      assert.deepEqual(more, []);
      return `${line?.verdict} ${line?.code}: ${line?.found} -> ${line?.write}`;
    };
    const kinds = ['mqtt', 'nats', 'kafka', 'rabbitmq'];

    const down = await at(addresses('127.0.0.1', closed));
    for (const kind of kinds)
      assert.match(said(down, kind), /^error REACHABLE: .*refused.* -> start the server, or buses\./);
    const unknown = await at(addresses('no-such-host.invalid', 1234));
    for (const kind of kinds)
      assert.match(
        said(unknown, kind),
        /^error REACHABLE: .*host name.* -> buses\.\w+\.(url|brokers) with a host name/,
      );
    const other = await at({
      ...addresses('127.0.0.1', nats.port),
      nats: ['nats', { url: `nats://127.0.0.1:${mosquitto.port}` }],
    });
    for (const kind of kinds)
      assert.match(said(other, kind), /^error REACHABLE: .* -> .*buses\.\w+\.(url|brokers) with /);

    process.env['WRONG_PW'] = 'falsch';
    const wrongly = await at({
      mqtt: ['mqtt', { url: mosquitto.url, username: 'bridge', password: 'env:WRONG_PW' }],
      nats: ['nats', { url: nats.url, user: 'bridge', password: 'env:WRONG_PW' }],
      mqttTls: ['mqtt', { url: secure.url }],
      natsTls: ['nats', { url: secureNats.url }],
    });
    for (const kind of ['mqtt', 'nats'])
      assert.match(said(wrongly, kind), /^error IDENTITY: BUS_AUTH .* -> buses\.\w+: /);
    for (const kind of ['mqttTls', 'natsTls']) assert.match(said(wrongly, kind), /^error TLS: .*tls\.ca/);
    assert.doesNotMatch(JSON.stringify(wrongly), /falsch/, 'no secret is printed');

    const trusted = await at({ mqttTls: ['mqtt', { url: secure.url, tls: { ca: readFileSync(tls.ca, 'utf8') } }] });
    assert.ok(withVerdict(trusted, 'ok').includes('REACHABLE'));
  },
);
