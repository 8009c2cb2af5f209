import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafka as bus } from '../../../runtime/buses/kafka/index.ts';
import type { KafkaConnection, KafkaTo } from '../../../runtime/buses/kafka/options.ts';
import { withDefaults } from '../../conformance/fixture.ts';
import { type Certificates, certificates } from '../../harness/certificates.ts';
import { type Kafka, startKafka } from '../../harness/kafka.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { unsecuredToken } from '../../harness/unsecured-token.ts';
import { connectionTo, frameForTest, openSink, openSource, recorded } from './ends.ts';
import { ours, tailOf } from './log-recovery.ts';

// The tests of this bus that nobody can share a server with: TLS, users, ACLs, a slow link. One node for all of them.

const needs = ['kafka-process', 'openssl'] as const;
const USER = { username: 'ann', password: 'opensesame' } as const;
/** How long a connection of a user may last. The client asks for less only within its last ten seconds. */
const SESSION_MS = 11_000;

interface Place {
  readonly kafka: Kafka;
  readonly made: Certificates;
}

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

let starting: Promise<Place> | undefined;
const place = (): Promise<Place> => (starting ??= start());

async function start(): Promise<Place> {
  const made = stack.use(await certificates());
  const kafka = await startKafka({
    users: { [USER.username]: USER.password },
    acl: true,
    tls: { ...made.server, clientCa: made.ca },
    proxied: 1,
    config: { 'connections.max.reauth.ms': String(SESSION_MS) },
  });
  return { kafka: stack.use(kafka), made };
}

/** What the sink says of a way that does not lead in. */
async function complaintOf(broker: string, connection: Partial<KafkaConnection>, code: string): Promise<string> {
  const { context, reported, stop } = recorded('sink');
  const end = withDefaults<Partial<KafkaTo>>(bus.sinkSchema, { topic: 'ours' }) as KafkaTo;
  const opening = bus.openSink({ connection: connectionTo(broker, connection), end }, context);
  opening.catch(() => {});
  try {
    return await reported(code);
  } finally {
    stop.abort();
    await assert.rejects(opening);
  }
}

async function passes(broker: string, connection: Partial<KafkaConnection>, group: string): Promise<void> {
  await using sink = await openSink(broker, { topic: 'ours', connection });
  await sink.deliver([frameForTest('ours', group)]);
  await using source = await openSource(broker, { topics: ['ours'], group, connection });
  await source.take(1);
}

serverTest(
  'every mechanism lets in who may, over TLS and without; who may not is told which option is wrong, and no secret',
  { needs },
  async (t) => {
    const { kafka, made } = await place();
    using folder = temporaryFolder('kafka-token');
    await kafka.createTopic('ours');
    await kafka.createTopic('theirs');
    await kafka.allow('ann', 'ours');
    await kafka.allow('bridge', 'ours');
    const [ca, cert, key, strangerCert, strangerKey] = [
      made.ca,
      made.client.cert,
      made.client.key,
      made.stranger.cert,
      made.stranger.key,
    ].map((file) => readFileSync(file, 'utf8'));
    assert.ok(ca && cert && key && strangerCert && strangerKey);
    const { listeners } = kafka;
    const tls = { ca, cert, key };
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, `${unsecuredToken('ann')}\n`);
    const expired = join(folder.path, 'expired');
    writeFileSync(expired, unsecuredToken('ann', -60_000));

    const ways: readonly (readonly [string, KafkaConnection['sasl'], KafkaConnection['sasl']])[] = [
      ...(['plain', 'scram-sha-256', 'scram-sha-512'] as const).map(
        (mechanism) => [mechanism, { mechanism, ...USER }, { mechanism, ...USER, password: 'guessed' }] as const,
      ),
      ['token file', { mechanism: 'oauthbearer', tokenFile }, { mechanism: 'oauthbearer', tokenFile: expired }],
      [
        'fixed token',
        { mechanism: 'oauthbearer', token: unsecuredToken('ann') },
        { mechanism: 'oauthbearer', token: unsecuredToken('ann', -60_000) },
      ],
    ];
    for (const [name, good, bad] of ways) {
      await t.test(name, async () => {
        assert.ok(good !== undefined && bad !== undefined);
        await passes(listeners.sasl, { sasl: good }, `${name} plain`);
        await passes(listeners.saslTls, { sasl: good, tls }, `${name} tls`);
        const said = await complaintOf(listeners.sasl, { sasl: bad }, 'BUS_AUTH');
        assert.match(said, /check sasl/);
        assert.ok(!said.includes('guessed') && !said.includes('eyJ'), said);
      });
    }
    await t.test('a client certificate', async () => {
      await passes(listeners.tls, { tls }, 'mtls');
      const stranger = await complaintOf(
        listeners.tls,
        { tls: { ca, cert: strangerCert, key: strangerKey } },
        'BUS_TLS',
      );
      assert.match(stranger, /tls\.cert/);
      assert.match(await complaintOf(listeners.tls, { tls: { ca } }, 'BUS_TLS'), /tls\.cert/);
    });
    await t.test('a server that cannot be trusted', async () => {
      assert.match(await complaintOf(listeners.tls, { tls: { cert, key } }, 'BUS_TLS'), /tls\.ca/);
      const misnamed = { ...tls, serverName: 'elsewhere.example' };
      assert.match(await complaintOf(listeners.tls, { tls: misnamed }, 'BUS_TLS'), /serverName/);
      assert.match(await complaintOf(listeners.tls, { tls: { ...tls, key: 'no PEM' } }, 'BUS_TLS'), /tls\.key/);
    });
    await t.test('a port of another kind', async () => {
      assert.match(await complaintOf(listeners.sasl, {}, 'BUS_UNREACHABLE'), /sasl/);
      assert.match(await complaintOf(listeners.tls, {}, 'BUS_UNREACHABLE'), /tls/);
      assert.match(await complaintOf(listeners.sasl, { tls }, 'BUS_UNREACHABLE'), /tls/);
    });
    await t.test('a token file that is missing', async () => {
      const sasl = { mechanism: 'oauthbearer', tokenFile: join(folder.path, 'none') } as const;
      assert.match(await complaintOf(listeners.sasl, { sasl }, 'BUS_AUTH'), /tokenFile/);
    });
  },
);

serverTest('a token is read again when the server asks for it again', { needs }, async () => {
  using folder = temporaryFolder('kafka-token');
  const tokenFile = join(folder.path, 'token');
  const renew = (): void => {
    writeFileSync(`${tokenFile}.new`, unsecuredToken('ann', 20_000));
    renameSync(`${tokenFile}.new`, tokenFile);
  };
  renew();
  const { kafka } = await place();
  await kafka.createTopic('renewed');
  await kafka.allow('ann', 'renewed');
  const connection = { sasl: { mechanism: 'oauthbearer', tokenFile } } as const;
  await using sink = await openSink(kafka.listeners.sasl, { topic: 'renewed', connection });
  await using source = await openSource(kafka.listeners.sasl, { topics: ['renewed'], connection });
  const renewing = setInterval(renew, 1000);
  try {
    for (const endMs = performance.now() + SESSION_MS + 1500; performance.now() < endMs;) {
      await sink.deliver([frameForTest('renewed', 'x')]);
      await source.settleUntil((read) => read.length === 1);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  } finally {
    clearInterval(renewing);
  }
  for (const { events } of [sink, source])
    assert.deepEqual(
      events.map((event) => (event.kind === 'problem' ? event.error.message : event.kind)),
      ['connected'],
    );
});

serverTest('who may write and not read is told what to grant, and the sink goes on', { needs }, async () => {
  const { kafka } = await place();
  await kafka.createTopic('write-only');
  await kafka.allowToWrite('ann', 'write-only');
  const sasl = { mechanism: 'plain', ...USER } as const;
  await using sink = await openSink(kafka.listeners.sasl, { topic: 'write-only', connection: { sasl } });
  const empty = await tailOf(sink);
  assert.match(empty.lacks ?? '', /grant READ/, 'before the first crash');
  await sink.deliver(ours('write-only', 0, 10));
  const { ids, lacks } = await tailOf(sink);
  assert.equal(ids.size, 0);
  assert.match(lacks ?? '', /topic write-only cannot be read; grant READ on it/);
  await sink.deliver(ours('write-only', 10, 20));
});

serverTest(
  'who is told to stop answers at once with what it found so far, and leaves the sink as it was',
  { needs },
  async () => {
    const { kafka } = await place();
    await kafka.createTopic('slow');
    const [link] = kafka.links;
    assert.ok(link !== undefined);
    await using sink = await openSink(`127.0.0.1:${link.port}`, { topic: 'slow' });
    await sink.deliver(ours('slow', 0, 10_000));
    link.delayMs(200);
    const stop = new AbortController();
    const reading = tailOf(sink, 10_000, stop.signal);
    await sleep(1200);
    link.blackhole();
    await sleep(300);
    const askedMs = performance.now();
    stop.abort();
    const tail = await reading;
    assert.ok(performance.now() - askedMs < patient(500));
    assert.ok(tail.ids.size < 10_000, 'all was read before: it proves nothing');
    assert.match(tail.lacks ?? '', /too slow/);
    await link.mend();
    link.delayMs(0);
    await sink.deliver(ours('slow', 10_000, 10_010));
    assert.deepEqual(
      sink.events.filter(({ kind }) => kind === 'disconnected' || kind === 'problem'),
      [],
    );
  },
);
