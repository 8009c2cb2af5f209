import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after } from 'node:test';
import type { RabbitConnection } from '../../../runtime/buses/rabbitmq/options.ts';
import { type Certificates, certificates } from '../../harness/certificates.ts';
import { freePorts } from '../../harness/free-ports.ts';
import { law } from '../../harness/law.ts';
import { channelTo, frameOf, oneNode, openingSource, sendThrough, sink, source, take, textOf } from './ends.ts';

const needs = ['rabbitmq-process', 'openssl'] as const;

let made: Promise<Certificates> | undefined;
const certs = (): Promise<Certificates> => (made ??= certificates());
after(async () => (await made)?.[Symbol.dispose]());

const pem = (path: string): string => readFileSync(path, 'utf8');
const node = oneNode(async () => {
  const { server, ca } = await certs();
  return { tls: { cert: server.cert, key: server.key, clientCa: ca }, users: { bridge: 'through' } };
});

/** What an opening complains of, by code. */
async function complaint(url: string, code: string, connection: Partial<RabbitConnection> = {}): Promise<string> {
  const opening = openingSource(url, { queue: 'q' }, { connection });
  const text = await opening.reported(code);
  opening.stop.abort();
  await assert.rejects(opening.opened);
  return text;
}

law(
  'what keeps a connection from being made is said with the setting to look at, and without a secret',
  { needs },
  async () => {
    const { url, port } = await node();
    const [closed] = await freePorts(1);
    const secret = 'hidden';
    const cases: readonly (readonly [string, string, RegExp, Partial<RabbitConnection>?])[] = [
      [`amqp://127.0.0.1:${closed}`, 'BUS_UNREACHABLE', /refused.*check url/],
      ['amqp://no-such-host.invalid', 'BUS_UNREACHABLE', /host name is not known/],
      [url.replace('//', `//guest:${secret}@`), 'BUS_AUTH', /user name and password in url/],
      [url, 'BUS_AUTH', /check username and password/, { username: 'guest', password: secret }],
      [`${url}/nowhere`, 'BUS_MISSING', /virtual host .*path of url/],
      [`amqps://127.0.0.1:${port}`, 'BUS_TLS', /does not speak TLS/],
    ];
    for (const [to, code, expected, connection] of cases) {
      const text = await complaint(to, code, connection);
      assert.match(text, expected);
      assert.match(text, /^work: amqps?:\/\//);
      assert.doesNotMatch(text, new RegExp(secret));
    }
  },
);

law('a user without permissions in a virtual host hears of the virtual host', { needs }, async () => {
  const server = await node();
  await server.ctl('add_vhost', 'closed');
  assert.match(await complaint(`${server.url}/closed`, 'BUS_MISSING'), /may not enter it/);
});

law('a port that speaks something else is said to', { needs: ['rabbitmq-process'] }, async () => {
  const web = createServer().listen(0, '127.0.0.1');
  after(() => web.close());
  await new Promise((resolve) => web.once('listening', resolve));
  const address = web.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  assert.match(await complaint(`amqp://127.0.0.1:${port}`, 'BUS_PROTOCOL'), /does not speak AMQP/);
});

law('with TLS a server is verified, and what fails is told apart', { needs }, async () => {
  const { tlsUrl } = await node();
  const { ca, strangerCa, client, stranger } = await certs();
  const pair = { cert: pem(client.cert), key: pem(client.key) };
  const tls = { ca: pem(ca), ...pair };
  const cases: readonly (readonly [RabbitConnection['tls'], RegExp])[] = [
    [pair, /not trusted .*tls\.ca/],
    [{ ...tls, ca: pem(strangerCa) }, /not trusted .*tls\.ca/],
    [{ ...tls, serverName: 'elsewhere.example' }, /names another host .*serverName/],
    [{ ...tls, key: pem(stranger.key) }, /cannot be used/],
  ];
  for (const [given, expected] of cases) {
    assert.match(await complaint(tlsUrl, 'BUS_TLS', { tls: given ?? {} }), expected);
  }
  const uninvited = openingSource(tlsUrl, { queue: 'q' }, { connection: { tls: { ca: pem(ca) } } });
  const said = await Promise.race([uninvited.reported('BUS_TLS'), uninvited.reported('BUS_UNREACHABLE')]);
  assert.match(said, /client certificate|closed the connection/);
});

law('a client certificate is an identity of its own (EXTERNAL), and messages pass over TLS', { needs }, async () => {
  const server = await node();
  const { ca, client } = await certs();
  const tls = { ca: pem(ca), cert: pem(client.cert), key: pem(client.key) };
  const channel = await channelTo(server.url);
  await channel.assertQueue('over-tls', { durable: true });
  const wanted = { connection: { tls, external: true } };
  const reader = await source(server.tlsUrl, { queue: 'over-tls' }, wanted);
  const writer = await sink(server.tlsUrl, { queue: 'over-tls' }, wanted);
  await sendThrough(writer.end, frameOf('over-tls', 'sealed'));
  assert.equal(textOf((await take(reader.end, 1))[0] ?? assert.fail()), 'sealed');
  // `bridge` is the CN of the certificate, and the user that the server has by that name.
  assert.match(await server.ctl('list_connections', 'user', 'auth_mechanism'), /bridge\s+EXTERNAL/);
  await server.ctl('delete_user', 'bridge');
  assert.match(await complaint(server.tlsUrl, 'BUS_AUTH', { tls, external: true }), /client certificate for a user/);
});

law(
  'the server lists connections by pipeline, route and direction, with the heartbeat of keepAlive',
  { needs },
  async () => {
    const server = await node();
    const channel = await channelTo(server.url);
    await channel.assertQueue('named', { durable: true });
    await source(server.url, { queue: 'named' }, { route: 'names', connection: { keepAlive: '7s' } });
    const listed = await server.ctl('list_connections', 'timeout', 'client_properties');
    assert.match(listed, /^7\s.*sluice\/test\/names\/source/m);
  },
);

law('of several urls the one that answers is taken', { needs }, async () => {
  const server = await node();
  const [closed] = await freePorts(1);
  const channel = await channelTo(server.url);
  await channel.assertQueue('several', { durable: true });
  const url = [`amqp://127.0.0.1:${closed}`, server.url];
  const reader = await source('', { queue: 'several' }, { connection: { url } });
  assert.ok(reader.end);
});
