import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Kafka as Client, KafkaConfig, SASLOptions } from 'kafkajs';
import { certificates } from './certificates.ts';
import { startKafka } from './kafka.ts';
import { kafkaClient } from './kafka-client.ts';
import { serverTest } from './server-test.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { unsecuredToken } from './unsecured-token.ts';
import { waitFor } from './wait-for.ts';

const NEEDS = ['kafka-process'] as const;

const client = (brokers: string[], more: Partial<KafkaConfig> = {}): Client =>
  kafkaClient({ brokers, retry: { retries: 0 }, ...more });

async function produce(kafka: Client, topic: string, value: string): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

serverTest(
  'a killed Kafka comes back with its topics and records on the same port, and leaves nothing',
  { needs: NEEDS },
  async () => {
    let port = 0;
    {
      await using kafka = await startKafka();
      port = kafka.port;
      await kafka.createTopic('t', { partitions: 2 });
      await produce(client(kafka.brokers), 't', 'kept');
      await kafka.kill();
      assert.equal(await portOpen(port), false);
      await kafka.restart();
      const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets('t'));
      assert.deepEqual(offsets.map(({ high }) => high).toSorted(), ['0', '1']);
    }
    assert.equal(await portOpen(port), false);
  },
);

serverTest('a client behind a link stays behind it', { needs: NEEDS }, async () => {
  await using kafka = await startKafka({ proxied: 2 });
  await kafka.createTopic('t');
  const [first, second] = kafka.links;
  assert.ok(first !== undefined && second !== undefined);
  const [near, far] = [first, second].map((link) => client([`${link.host}:${link.port}`]));
  assert.ok(near !== undefined && far !== undefined);
  await produce(near, 't', 'a');
  await first.cut();
  await assert.rejects(produce(near, 't', 'b'));
  await produce(far, 't', 'c');
  await first.mend();
  await kafka.kill();
  await kafka.restart();
  // Ready is said of the first listener: the one behind the link may open later.
  await waitFor(() => produce(near, 't', 'd').then(() => true), 20_000, 'the listener behind the link');
  assert.equal((await kafka.admin((admin) => admin.fetchTopicOffsets('t')))[0]?.high, '3');
});

const SASL: readonly (readonly [SASLOptions, SASLOptions])[] = [
  [
    { mechanism: 'plain', username: 'ann', password: 'secret' },
    { mechanism: 'plain', username: 'ann', password: 'no' },
  ],
  [
    { mechanism: 'scram-sha-256', username: 'ann', password: 'secret' },
    { mechanism: 'scram-sha-256', username: 'ann', password: 'no' },
  ],
  [
    { mechanism: 'scram-sha-512', username: 'ann', password: 'secret' },
    { mechanism: 'scram-sha-512', username: 'bob', password: 'secret' },
  ],
  [
    { mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: unsecuredToken('ann') }) },
    { mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: unsecuredToken('ann', -60_000) }) },
  ],
];

serverTest(
  'a Kafka with users, TLS and ACLs lets in who may, by every mechanism',
  { needs: [...NEEDS, 'openssl'] },
  async (t) => {
    using made = await certificates();
    await using kafka = await startKafka({
      users: { ann: 'secret' },
      acl: true,
      tls: { ...made.server, clientCa: made.ca },
    });
    await kafka.createTopic('ours');
    await kafka.createTopic('theirs');
    await kafka.allow('ann', 'ours');
    await kafka.allow('bridge', 'ours');
    const [ca, cert, key] = [made.ca, made.client.cert, made.client.key].map((file) => readFileSync(file, 'utf8'));
    assert.ok(ca !== undefined);
    const ssl = { ca: [ca], cert, key };
    for (const [good, bad] of SASL) {
      await t.test(good.mechanism, async () => {
        for (const options of [{ brokers: [kafka.listeners.sasl] }, { brokers: [kafka.listeners.saslTls], ssl }]) {
          const { brokers, ...rest } = options;
          await produce(client(brokers, { ...rest, sasl: good }), 'ours', 'x');
          await assert.rejects(produce(client(brokers, { ...rest, sasl: good }), 'theirs', 'x'), /not authorized/i);
          await assert.rejects(produce(client(brokers, { ...rest, sasl: bad }), 'ours', 'x'));
        }
      });
    }
    await t.test('a client certificate', async () => {
      await produce(client([kafka.listeners.tls], { ssl }), 'ours', 'x');
      await assert.rejects(produce(client([kafka.listeners.tls], { ssl }), 'theirs', 'x'), /not authorized/i);
      const stranger = { ...ssl, cert: readFileSync(made.stranger.cert), key: readFileSync(made.stranger.key) };
      await assert.rejects(produce(client([kafka.listeners.tls], { ssl: stranger }), 'ours', 'x'));
    });
    await t.test('a password that was changed', async () => {
      await kafka.setScramPassword('ann', 'other');
      const sasl = { mechanism: 'scram-sha-256', username: 'ann', password: 'other' } as const;
      await produce(client([kafka.listeners.sasl], { sasl }), 'ours', 'x');
      await kafka.removeScramUser('ann');
      await assert.rejects(produce(client([kafka.listeners.sasl], { sasl }), 'ours', 'x'));
    });
  },
);
