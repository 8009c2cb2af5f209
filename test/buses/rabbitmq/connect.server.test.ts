import assert from 'node:assert/strict';
import type { RabbitConnection } from '../../../runtime/buses/rabbitmq/options.ts';
import { freePorts } from '../../harness/free-ports.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { patient } from '../../harness/patience.ts';
import { ownName } from '../../harness/shared.ts';
import { channelTo, complaint, NEEDS, oneHome, openingSink, openingSource, source } from './ends.ts';

const needs = NEEDS;
/** connection.open-ok: class 10, method 41. */
const OPEN_OK = Buffer.from([0, 10, 0, 41]);
const home = oneHome();

serverTest(
  'what keeps a connection from being made is said with the setting to look at, and without a secret',
  { needs },
  async () => {
    const { url, port } = await home();
    const [closed] = await freePorts(1);
    const secret = 'hidden';
    const cases: readonly (readonly [string, string, RegExp, Partial<RabbitConnection>?])[] = [
      [`amqp://127.0.0.1:${closed}`, 'BUS_UNREACHABLE', /refused.*check url/],
      ['amqp://no-such-host.invalid', 'BUS_UNREACHABLE', /host name is not known/],
      [url.replace('//', `//guest:${secret}@`), 'BUS_AUTH', /user name and password in url/],
      [url, 'BUS_AUTH', /check username and password/, { username: 'guest', password: secret }],
      [`amqp://127.0.0.1:${port}/nowhere`, 'BUS_MISSING', /virtual host .*path of url/],
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

serverTest('a user without permissions in a virtual host hears of the virtual host', { needs }, async () => {
  const { port, ctl } = await home();
  const closed = ownName('closed');
  await ctl('add_vhost', closed);
  assert.match(await complaint(`amqp://127.0.0.1:${port}/${closed}`, 'BUS_MISSING'), /may not enter it/);
});

serverTest(
  'the server lists connections by pipeline, route and direction, with the heartbeat of keepAlive',
  { needs },
  async () => {
    const { url, ctl } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue('named', { durable: true });
    const route = ownName('names');
    await source(url, { queue: 'named' }, { route, connection: { keepAlive: '7s' } });
    const listed = await ctl('list_connections', 'timeout', 'client_properties');
    assert.match(listed, new RegExp(String.raw`^7\s.*sluice/test/${route}/source`, 'm'));
  },
);

serverTest('an opening that is given up while the server is silent ends at once', { needs }, async () => {
  const { url, port } = await home();
  const silenced = Promise.withResolvers<void>();
  // The connection is made, and no channel.
  const watch = () => ({
    up() {},
    down(bytes: Buffer) {
      if (!bytes.includes(OPEN_OK)) return;
      silenced.resolve();
      setImmediate(() => link.blackhole('down'));
    },
  });
  await using link = await startLink(port, '127.0.0.1', { watch });
  const over = new URL(url);
  over.port = String(link.port);
  for (const opening of [openingSource(over.href, { queue: 'silent' }), openingSink(over.href, { queue: 'silent' })]) {
    const refused = assert.rejects(opening.opened);
    await silenced.promise;
    const beganMs = performance.now();
    opening.stop.abort();
    await refused;
    assert.ok(performance.now() - beganMs < patient(2500), 'it waited for an answer that nobody awaits');
  }
});

serverTest('of several urls the one that answers is taken', { needs }, async () => {
  const server = await home();
  const [closed] = await freePorts(1);
  const channel = await channelTo(server.url);
  await channel.assertQueue('several', { durable: true });
  const url = [`amqp://127.0.0.1:${closed}`, server.url];
  const reader = await source('', { queue: 'several' }, { connection: { url } });
  assert.ok(reader.end);
});
