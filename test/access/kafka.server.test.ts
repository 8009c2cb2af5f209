import assert from 'node:assert/strict';
import { startBridge } from '../harness/bridge.ts';
import { kafkaClient } from '../harness/kafka-client.ts';
import { type Kafka, startKafka } from '../harness/kafka.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { beyond, DENIED, intruder, listsOf, PASSWORD, pipeline, USERS } from './kafka-guarded.ts';
import { Refusals } from './refusals.ts';
import { configurationFor, differencesAt } from './sluice-acl.ts';

const DEADLINE_MS = 60_000;
const env = { PW: PASSWORD };

/** How many messages a topic holds. */
async function held(kafka: Kafka, topic: string): Promise<number> {
  const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets(topic));
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

async function worksThroughKillAndRestart(kafka: Kafka, folder: string, file: string): Promise<void> {
  const client = kafkaClient({ clientId: 'test', brokers: kafka.brokers });
  /** Every tenth has nothing for the topic of the sink: a dead letter. */
  const publish = async (from: number, to: number): Promise<void> => {
    const producer = client.producer();
    await producer.connect();
    const numbers = Array.from({ length: to - from }, (_, at) => from + at);
    const messages = numbers.map((at) => {
      const headers: Record<string, string> = at % 10 === 0 ? {} : { kind: `k${at % 3}` };
      return { key: `k${at}`, value: String(at), headers };
    });
    await producer.send({ topic: 'orders', messages });
    await producer.send({ topic: 'made-in', messages: [{ value: String(from) }] });
    await producer.disconnect();
  };
  const tasks = async (): Promise<number> => {
    const counts = await Promise.all(['k0', 'k1', 'k2'].map((kind) => held(kafka, `tasks.${kind}`)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const until = (count: number): Promise<unknown> =>
    waitFor(
      async () => (await tasks()) >= 0.9 * count && (await held(kafka, 'letters')) >= count / 10,
      DEADLINE_MS,
      `${count} messages`,
    );
  await using first = startBridge(folder, file, [], env);
  await first.ready();
  await publish(0, 100);
  await until(30);
  await first.kill();
  await publish(100, 200);
  await using second = startBridge(folder, file, [], env);
  await second.ready();
  await until(200);
  // An orderly stop: after a kill the other servers wait until its session has ended.
  await kafka.stop();
  await kafka.restart();
  await publish(200, 300);
  await until(300);
  await waitFor(async () => (await held(kafka, 'made-out')) >= 3, DEADLINE_MS, 'what the other user writes');
  assert.equal(await second.terminate(DEADLINE_MS), 'exit code 0');
  assert.equal(await tasks(), 270, 'each once: the log was recovered');
  const refused = [...first.lines(), ...second.lines()].filter((line) =>
    /BUS_AUTH|AUTHORIZATION|log-recovery-(failed|incomplete)|SINK_DENIED/.test(JSON.stringify(line)),
  );
  assert.deepEqual(refused, []);
}

serverTest(
  'Kafka under the rights of `sluice acl`: the pipeline works through a kill and a restart, every other operation is refused, and `--check` names what is too much',
  { needs: ['kafka-process'], timeoutMs: 400_000 },
  async (t) => {
    using project = newProject({});
    const superUsers = { 'super.users': 'User:ANONYMOUS;User:admin' };
    await using kafka = await startKafka({ users: USERS, acl: true, config: superUsers });
    const file = project.write('pipelines/guarded.yaml', pipeline(kafka.listeners.sasl));
    const acl = listsOf(await configurationFor('kafka', file));
    await Promise.all([
      kafka.admin((admin) => admin.createAcls({ acl })),
      kafka.createTopics(['orders', 'tasks.k0', 'tasks.k1', 'tasks.k2', 'letters', 'tasks', 'letters.more', 'other']),
    ]);
    const theirs = waitFor(
      () =>
        kafka
          .admin((admin) =>
            admin.setOffsets({ groupId: 'theirs', topic: 'other', partitions: [{ partition: 0, offset: '0' }] }),
          )
          .then(() => true),
      DEADLINE_MS,
      'a group of another',
    );
    // The other user's connection creates topics: made-in when the bridge starts.
    await Promise.all([theirs, worksThroughKillAndRestart(kafka, project.folder, file)]);

    await using user = await intruder(kafka, 'bridge');
    const refusals = new Refusals();
    await refusals.refusesAll(user.operations);
    refusals.count(t, 40);
    assert.deepEqual([await user.fetch('orders'), await user.produce('tasks.k0')], ['granted', 'granted'], 'its own');
    assert.deepEqual([await held(kafka, 'other'), await held(kafka, 'orders')], [0, 300], 'nothing came or went');

    const url = `kafka://admin:${PASSWORD}@${kafka.listeners.sasl}`;
    const exact = await differencesAt(url, file, { env });
    assert.deepEqual(exact.lines, []);
    // Kafka 4.1 takes the settings of its authorizer for secrets.
    const isTold = exact.unseen.length === 0;
    assert.ok(
      exact.unseen.every((line) => line.startsWith('super.users ')),
      exact.unseen.join('\n'),
    );
    const powerful = project.write(
      'pipelines/powerful.yaml',
      JSON.stringify(pipeline(kafka.listeners.sasl)).replace('"bridge"', '"admin"'),
    );
    const { lines } = await differencesAt(url, powerful, { env });
    assert.equal(lines.includes('too much admin: everything (super.users)'), isTold);
    await kafka.admin(async (admin) => {
      await admin.createAcls({
        acl: [
          beyond('bridge', 'READ', 'other'),
          beyond('*', 'ALL', '*'),
          { ...beyond('bridge', 'READ', 'tasks.secret'), permissionType: DENIED },
        ],
      });
      const first = acl.find(({ resourceName }) => resourceName === 'guarded-made');
      if (first !== undefined) await admin.deleteAcls({ filters: [first] });
    });
    const wide = await differencesAt(url, file, { env });
    assert.deepEqual(wide.lines.toSorted(), [
      'missing bridge: Read topic prefix tasks.',
      'missing maker: Read group guarded-made',
      'too much bridge: All topic *, as everybody',
      'too much bridge: Read topic other',
      'too much maker: All topic *, as everybody',
    ]);
    await assert.rejects(differencesAt(url.replace('admin', 'bridge'), file), { message: /administrator/ });
  },
);
