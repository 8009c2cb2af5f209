import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafka as bus } from '../../../runtime/buses/kafka/index.ts';
import type { KafkaConnection, KafkaTo } from '../../../runtime/buses/kafka/options.ts';
import { withDefaults } from '../../conformance/ground.ts';
import { certificates } from '../../harness/certificates.ts';
import { startKafka } from '../../harness/kafka.ts';
import { law } from '../../harness/law.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { unsecuredToken } from '../../harness/unsecured-token.ts';
import { connectionTo, frameOf, openSink, openSource, recorded } from './ends.ts';

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
  await sink.deliver([frameOf('ours', group)]);
  await using source = await openSource(broker, { topics: ['ours'], group, connection });
  await source.take(1);
}

law(
  'every mechanism lets in who may, over TLS and without; who may not is told which option is wrong, and no secret',
  { needs: ['kafka-process', 'openssl'] },
  async (t) => {
    using made = await certificates();
    using folder = temporaryFolder('kafka-token');
    await using kafka = await startKafka({
      users: { ann: 'opensesame' },
      acl: true,
      tls: { ...made.server, clientCa: made.ca },
    });
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

    const user = { username: 'ann', password: 'opensesame' };
    const ways: readonly (readonly [string, KafkaConnection['sasl'], KafkaConnection['sasl']])[] = [
      ...(['plain', 'scram-sha-256', 'scram-sha-512'] as const).map(
        (mechanism) => [mechanism, { mechanism, ...user }, { mechanism, ...user, password: 'guessed' }] as const,
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

law('a token is read again when the server asks for it again', { needs: ['kafka-process'] }, async () => {
  using folder = temporaryFolder('kafka-token');
  const tokenFile = join(folder.path, 'token');
  const renew = (): void => {
    writeFileSync(`${tokenFile}.new`, unsecuredToken('ann', 20_000));
    renameSync(`${tokenFile}.new`, tokenFile);
  };
  renew();
  // Sessions end with their tokens.
  await using kafka = await startKafka({ users: { ann: 'x' }, config: { 'connections.max.reauth.ms': '12000' } });
  await kafka.createTopic('ours');
  const connection = { sasl: { mechanism: 'oauthbearer', tokenFile } } as const;
  await using sink = await openSink(kafka.listeners.sasl, { topic: 'ours', connection });
  await using source = await openSource(kafka.listeners.sasl, { topics: ['ours'], connection });
  const renewing = setInterval(renew, 1000);
  try {
    for (const endMs = performance.now() + 15_000; performance.now() < endMs;) {
      await sink.deliver([frameOf('ours', 'x')]);
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
