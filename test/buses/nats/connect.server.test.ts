import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { nkeys } from '@nats-io/transport-node';
import type { NatsConnectionOptions } from '../../../runtime/buses/nats/options.ts';
import { certificates } from '../../harness/certificates.ts';
import { freePorts } from '../../harness/free-ports.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { credentials } from './credentials.ts';
import { accept, connectionTo, DEADLINE_MS, frameForTest, nats, over, recordedContext, textOf } from './ends.ts';

const SOON_MS = 5000;
const shared = { needs: ['nats'] as const };
const own = { needs: ['nats-process'] as const };
const none = { needs: [] as const };

/** Opens a source and a sink with these options and passes one message between them. */
async function passes(connection: NatsConnectionOptions): Promise<void> {
  const source = await nats.openSource({ connection, end: { subjects: ['t.>'] } }, recordedContext());
  const sink = await nats.openSink(
    { connection, end: { subject: 't.a', timeout: '5s' } },
    recordedContext({ direction: 'sink' }),
  );
  try {
    assert.equal(await sink.send(frameForTest('t.a', 'through')), 'confirmed');
    assert.deepEqual((await accept(source, 1)).map(textOf), ['through']);
  } finally {
    await Promise.all([source.close(), sink.close()]);
  }
}

/** The problem reported while it cannot connect; opening then ends with the signal and leaves nothing. */
async function problemOf(connection: NatsConnectionOptions, code: string): Promise<string> {
  const context = recordedContext();
  const opening = nats.openSource({ connection, end: { subjects: ['t.>'] } }, context);
  const rejected = assert.rejects(opening);
  const text = await context.reported(code, SOON_MS);
  context.stop.abort();
  await rejected;
  assert.match(text, /^hub: /, 'names the connection');
  return text;
}

serverTest(
  'user and password open the door, a wrong password is told within 5 s without repeating it',
  own,
  async () => {
    await using broker = await startNats({ users: [{ user: 'bridge', password: 'right' }] });
    await passes({ ...connectionTo(broker.url), user: 'bridge', password: 'right' });
    await passes(connectionTo(broker.url.replace('//', '//bridge:right@')));
    const wrong = await problemOf({ ...connectionTo(broker.url), user: 'bridge', password: 'wr0ng' }, 'BUS_AUTH');
    assert.match(wrong, /user and password/);
    assert.doesNotMatch(wrong, /wr0ng/);
    const inUrl = await problemOf(connectionTo(broker.url.replace('//', '//bridge:wr0ng@')), 'BUS_AUTH');
    assert.match(inUrl, /in url/);
    assert.doesNotMatch(inUrl, /wr0ng/);
    assert.match(await problemOf(connectionTo(broker.url), 'BUS_AUTH'), /user and password, token, nkey or creds/);
  },
);

serverTest('a token opens the door', own, async () => {
  await using broker = await startNats({ config: 'authorization { token: s3cret }' });
  await passes({ ...connectionTo(broker.url), token: 's3cret' });
  assert.match(await problemOf({ ...connectionTo(broker.url), token: 'other' }, 'BUS_AUTH'), /token/);
});

serverTest('an NKey opens the door, and a seed that is none is told', own, async () => {
  const pair = nkeys.createUser();
  const seed = new TextDecoder().decode(pair.getSeed());
  await using broker = await startNats({ config: `authorization { users: [{ nkey: ${pair.getPublicKey()} }] }` });
  await passes({ ...connectionTo(broker.url), nkey: `${seed}\n` });
  const text = await problemOf({ ...connectionTo(broker.url), nkey: 'SUANOSEED' }, 'BUS_AUTH');
  assert.match(text, /nkey/);
  assert.doesNotMatch(text, /SUANOSEED/);
});

serverTest('a credentials file opens the door, and one that is none is told', own, async () => {
  const { config, creds } = credentials();
  await using broker = await startNats({ jetstream: false, config });
  await passes({ ...connectionTo(broker.url), creds });
  assert.match(await problemOf({ ...connectionTo(broker.url), creds: credentials().creds }, 'BUS_AUTH'), /creds/);
  assert.match(await problemOf({ ...connectionTo(broker.url), creds: 'nothing' }, 'BUS_AUTH'), /creds/);
});

serverTest(
  'TLS with a client certificate opens the door; an unknown server, a missing and a strange certificate are told',
  { needs: ['nats-process', 'openssl'] },
  async () => {
    using made = await certificates();
    const read = (path: string): string => readFileSync(path, 'utf8');
    const ca = read(made.ca);
    const [cert, key] = [read(made.client.cert), read(made.client.key)];
    await using broker = await startNats({ tls: { ...made.server, clientCa: made.ca } });
    await passes({ ...connectionTo(broker.url), tls: { ca, cert, key } });
    await passes({
      ...connectionTo(broker.url.replace('nats:', 'tls:').replace('127.0.0.1', 'localhost')),
      tls: { ca, cert, key },
    });
    const problem = (tls: NatsConnectionOptions['tls']): Promise<string> =>
      problemOf({ ...connectionTo(broker.url), ...(tls !== undefined && { tls }) }, 'BUS_TLS');
    assert.match(await problem({ ca }), /tls\.cert and tls\.key/);
    assert.match(await problem({ cert, key }), /tls\.ca/);
    assert.match(await problem({ ca, cert: read(made.stranger.cert), key: read(made.stranger.key) }), /tls\.cert/);
    assert.match(await problem({ ca, cert, key, serverName: 'elsewhere.test' }), /tls\.serverName/);
    assert.match(await problem({ ca, cert: 'no certificate', key }), /tls\.cert, tls\.key or tls\.ca/);
  },
);

serverTest('a server without TLS is told to a connection that insists on it', shared, async () => {
  await using broker = await sharedNats();
  assert.match(await problemOf(connectionTo(broker.url.replace('nats:', 'tls:')), 'BUS_TLS'), /no TLS/);
});

serverTest(
  'nothing listening, an unknown host, and something that is no NATS server are told within 5 s',
  none,
  async () => {
    const [port] = await freePorts(1);
    assert.match(await problemOf(connectionTo(`nats://127.0.0.1:${port}`), 'BUS_UNREACHABLE'), /refused.*url/);
    assert.match(await problemOf(connectionTo('nats://nowhere.invalid:4222'), 'BUS_UNREACHABLE'), /host name/);
    const web = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    assert.match(await problemOf(connectionTo(web.url), 'BUS_PROTOCOL'), /no NATS server/);
    await web.close();
  },
);

serverTest('a server that accepts and stays silent is told within 5 s, and no socket is left to it', none, async () => {
  const silent = await listening(createServer());
  assert.match(await problemOf(connectionTo(silent.url), 'BUS_PROTOCOL'), /greeted/);
  await waitFor(() => silent.connections() === 0, DEADLINE_MS, 'the sockets to be gone');
  await silent.close();
});

serverTest('of several servers the one that lives is found', shared, async () => {
  const [dead] = await freePorts(1);
  await using broker = await sharedNats();
  await passes(connectionTo([`nats://127.0.0.1:${dead}`, broker.url]));
});

serverTest('a connection that comes to a server that is not there yet waits for it', own, async () => {
  await using broker = await startNats();
  await broker.kill();
  const context = recordedContext();
  const opening = nats.openSource({ connection: connectionTo(broker.url), end: { subjects: ['t.>'] } }, context);
  await context.reported('BUS_UNREACHABLE');
  await broker.restart();
  await (await opening).close();
});

serverTest('a silent link is noticed by probes, reported, and read again when it mends', shared, async () => {
  await using broker = await sharedNats();
  await using link = await startLink(broker.port);
  const connection = { ...connectionTo(over(broker.url, link)), keepAlive: '200ms', connectTimeout: '1s' };
  const context = recordedContext();
  const source = await nats.openSource({ connection, end: { subjects: ['t.>'] } }, context);
  link.blackhole();
  await waitFor(
    () => context.events.some(({ kind }) => kind === 'disconnected'),
    DEADLINE_MS,
    'the loss to be reported',
  );
  await context.reported('BUS_UNREACHABLE');
  await link.mend();
  await waitFor(
    () => context.events.filter(({ kind }) => kind === 'connected').length === 2,
    DEADLINE_MS,
    'the return',
  );
  const sink = await nats.openSink(
    { connection: connectionTo(broker.url), end: { subject: 't.a', timeout: '5s' } },
    recordedContext(),
  );
  await sink.send(frameForTest('t.a', 'after'));
  assert.deepEqual((await accept(source, 1)).map(textOf), ['after']);
  await Promise.all([source.close(), sink.close()]);
});

serverTest('closing while the server is away ends soon and leaves no connection behind', shared, async () => {
  await using broker = await sharedNats();
  await using link = await startLink(broker.port);
  const connection = { ...connectionTo(over(broker.url, link)), keepAlive: '200ms' };
  const context = recordedContext();
  const source = await nats.openSource({ connection, end: { subjects: ['t.>'] } }, context);
  link.blackhole();
  await waitFor(
    () => context.events.some(({ kind }) => kind === 'disconnected'),
    DEADLINE_MS,
    'the loss to be reported',
  );
  const beganMs = performance.now();
  await source.close();
  assert.ok(performance.now() - beganMs < patient(5000));
  await link.mend();
  await waitFor(() => link.connections === 0, DEADLINE_MS, 'the connections to be gone');
});

serverTest(
  'a seed that is half written when the connection returns is told, and taken up once it is whole',
  own,
  async () => {
    const [before, after] = [nkeys.createUser(), nkeys.createUser()];
    const users = [before, after].map((pair) => `{ nkey: ${pair.getPublicKey()} }`);
    await using broker = await startNats({ config: `authorization { users: [${users.join(', ')}] }` });
    const seedOf = (pair: typeof before): string => new TextDecoder().decode(pair.getSeed());
    const connection = { ...connectionTo(broker.url), nkey: seedOf(before) };
    let inFile = connection.nkey;
    const context = recordedContext();
    const reread = (): NatsConnectionOptions => ({ ...connection, nkey: inFile });
    const source = await nats.openSource({ connection, reread, end: { subjects: ['t.>'] } }, context);
    inFile = seedOf(after).slice(0, 20);
    await broker.restart();
    assert.match(await context.reported('BUS_AUTH'), /nkey is not what NATS issues/);
    inFile = seedOf(after);
    await waitFor(
      () => context.events.filter(({ kind }) => kind === 'connected').length === 2,
      DEADLINE_MS,
      'the return',
    );
    const sink = await nats.openSink(
      { connection: reread(), end: { subject: 't.a', timeout: '5s' } },
      recordedContext({ direction: 'sink' }),
    );
    await sink.send(frameForTest('t.a', 'after'));
    assert.deepEqual((await accept(source, 1)).map(textOf), ['after']);
    await Promise.all([source.close(), sink.close()]);
  },
);

interface Listening {
  readonly url: string;
  connections(): number;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<Listening> {
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.on('error', () => {});
    socket.on('close', () => (open -= 1));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    url: `nats://127.0.0.1:${address.port}`,
    connections: () => open,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
