import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import type { BusEvent } from '#contract/bus.ts';
import { certificates } from '../../harness/certificates.ts';
import { freePorts } from '../../harness/free-ports.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { startMosquitto } from '../../harness/mosquitto.ts';
import { bodyOf, firstProblem, frameForTest, opening, reported, sink, source, take, untilReported } from './ends.ts';

const shared = { needs: ['mosquitto'] } as const;
const own = { needs: ['mosquitto-process'] } as const;
const none = { needs: [] } as const;

type Wanted = NonNullable<Parameters<typeof opening>[1]>;

/** The problem that opening reports within 5 s, and that it goes on trying until it is told not to. */
async function problemOf(url: string, wanted: Wanted = {}) {
  const giveUp = new AbortController();
  const events: BusEvent[] = [];
  const opened = opening(url, { ...wanted, signal: giveUp.signal }, events);
  opened.catch(() => undefined);
  const problem = await firstProblem(events);
  await untilReported(events, 'problem', 2, 15_000);
  giveUp.abort();
  await assert.rejects(opened, { code: problem.code });
  const count = events.length;
  assert.equal(reported(events, 'connected').length, 0);
  // Nothing is left behind that would go on trying.
  assert.equal(events.length, count);
  assert.deepEqual(problem.place, { bus: 'field' });
  assert.match(problem.message, /^field \(/);
  assert.doesNotMatch(problem.message, /hidden/);
  return problem;
}

serverTest('a wrong password says so, by version 5 and 3.1.1', own, async () => {
  await using mosquitto = await startMosquitto({ users: { ann: 'secret' } });
  for (const protocol of ['5', '3.1.1'] as const) {
    const problem = await problemOf(mosquitto.url, { connection: { protocol, username: 'ann', password: 'hidden' } });
    assert.equal(problem.code, 'BUS_AUTH');
    assert.match(problem.message, /username/);
  }
  const inUrl = mosquitto.url.replace('://', '://ann:hidden@');
  assert.equal((await problemOf(inUrl)).code, 'BUS_AUTH');
});

serverTest('the right password opens, from the options and from the url', own, async () => {
  await using mosquitto = await startMosquitto({ users: { ann: 'se/cret@1' } });
  await using from = await source(mosquitto.url, { connection: { username: 'ann', password: 'se/cret@1' } });
  await using to = await sink(mosquitto.url.replace('://', '://ann:se%2Fcret%401@'));
  assert.equal(await to.end.send(frameForTest('t', 'in')), 'confirmed');
  assert.equal(bodyOf((await take(from.end, 1))[0]), 'in');
});

serverTest(
  'a port where nobody listens, a host nobody knows and a server that never answers are unreachable',
  shared,
  async () => {
    const [port = 0] = await freePorts(1);
    const refused = await problemOf(`mqtt://127.0.0.1:${port}`);
    assert.deepEqual([refused.code, /ECONNREFUSED/.test(refused.message)], ['BUS_UNREACHABLE', true]);
    const unknown = await problemOf('mqtt://user:hidden@no-such-host.invalid');
    assert.equal(unknown.code, 'BUS_UNREACHABLE');
    await using mosquitto = await startMosquitto();
    await using link = await startLink(mosquitto.port);
    link.blackhole();
    const silent = await problemOf(`mqtt://127.0.0.1:${link.port}`, { connection: { connectTimeout: '6s' } });
    assert.equal(silent.code, 'BUS_UNREACHABLE');
  },
);

serverTest('a server that comes up later is found', own, async () => {
  await using mosquitto = await startMosquitto();
  await mosquitto.stop();
  const events: BusEvent[] = [];
  const opened = opening(mosquitto.url, {}, events);
  await firstProblem(events);
  await mosquitto.restart();
  await (await opened).close();
  assert.equal(reported(events, 'connected').length, 1);
});

serverTest('what speaks another protocol, or another version, says so', none, async () => {
  const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const [port = 0, old = 0] = await freePorts(2);
  await new Promise<void>((resolve) => web.listen(port, '127.0.0.1', resolve));
  const foreign = await problemOf(`mqtt://127.0.0.1:${port}`);
  assert.equal(foreign.code, 'BUS_PROTOCOL');
  web.close();
  const aedes = await Aedes.createBroker();
  const server = createServer((socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(old, '127.0.0.1', resolve));
  const version = await problemOf(`mqtt://127.0.0.1:${old}`);
  assert.equal(version.code, 'BUS_PROTOCOL');
  assert.match(version.message, /protocol: "3\.1\.1"/);
  server.close();
  await new Promise<void>((resolve) => aedes.close(resolve));
});

serverTest(
  'TLS with a client certificate opens; each thing wrong with it says so',
  { needs: ['mosquitto-process', 'mosquitto', 'openssl'] },
  async () => {
    using made = await certificates();
    const text = (path: string) => readFileSync(path, 'utf8');
    const ca = text(made.ca);
    const client = { cert: text(made.client.cert), key: text(made.client.key) };
    await using mosquitto = await startMosquitto({ tls: { ...made.server, clientCa: made.ca } });
    {
      await using from = await source(mosquitto.url, { connection: { tls: { ca, ...client } } });
      await using to = await sink(mosquitto.url, { connection: { tls: { ca, ...client, serverName: 'localhost' } } });
      await to.end.send(frameForTest('t', 'in'));
      assert.equal(bodyOf((await take(from.end, 1))[0]), 'in');
    }
    const wrong = async (tls: object, url = mosquitto.url) => {
      const { code, message } = await problemOf(url, { connection: { tls } });
      return `${code} ${message}`;
    };
    assert.match(await wrong({ ...client }), /^BUS_TLS .*tls\.ca/);
    assert.match(await wrong({ ca: text(made.strangerCa), ...client }), /^BUS_TLS .*tls\.ca/);
    assert.match(await wrong({ ca }), /^BUS_TLS .*tls\.cert/);
    assert.match(
      await wrong({ ca, cert: text(made.stranger.cert), key: text(made.stranger.key) }),
      /^BUS_TLS .*tls\.cert/,
    );
    assert.match(await wrong({ ca, ...client, serverName: 'elsewhere.test' }), /^BUS_TLS .*serverName/);
    assert.match(await wrong({ ca, cert: 'not a certificate', key: client.key }), /^BUS_TLS .*tls\.cert/);
    assert.match(await wrong({ ca, cert: client.cert, key: text(made.stranger.key) }), /^BUS_TLS .*tls\.cert/);
    await using plain = await startMosquitto();
    assert.match(await wrong({ ca }, plain.url.replace('mqtt:', 'mqtts:')), /^BUS_(TLS|UNREACHABLE) /);
    const inClear = await problemOf(mosquitto.url.replace('mqtts:', 'mqtt:'));
    assert.equal(inClear.code, 'BUS_UNREACHABLE');
    assert.match(inClear.message, /TLS or not/);
  },
);

serverTest('a client id that another client takes is named as the reason', shared, async () => {
  await using mosquitto = await startMosquitto();
  await using one = await source(mosquitto.url);
  await using two = await source(mosquitto.url);
  const { code, message } = await firstProblem(one.events);
  assert.equal(code, 'BUS_SETTING');
  assert.match(message, /running twice.*clientId/);
  await two.end.close();
  await untilReported(one.events, 'connected', 2);
});

serverTest('opening that is given up before it begins leaves nothing', none, async () => {
  await assert.rejects(opening('mqtt://127.0.0.1:1', { signal: AbortSignal.abort() }));
});

serverTest('WebSockets carry both directions', own, async () => {
  const [port = 0] = await freePorts(1);
  await using mosquitto = await startMosquitto({ config: `listener ${port} 127.0.0.1\nprotocol websockets` });
  assert.ok(mosquitto.ours);
  await using from = await source(`ws://127.0.0.1:${port}/mqtt`);
  await using to = await sink(`ws://127.0.0.1:${port}/mqtt`);
  await to.end.send(frameForTest('t', 'in'));
  assert.equal(bodyOf((await take(from.end, 1))[0]), 'in');
});
