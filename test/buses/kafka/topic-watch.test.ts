import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StaticMember } from '../../../runtime/buses/kafka/source/static-member.ts';
import { TopicWatch } from '../../../runtime/buses/kafka/source/topic-watch.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';

const ONE = '3f0b036e9d1d466a8e766ffc8723f24f';
const OTHER = '9d1d466a8e766ffc8723f24f3f0b036e';

/** Processes of one state folder, before a server that calls the topic `t` so. */
function processes() {
  const checkpoint = newCheckpoint();
  const server = { id: ONE as string | undefined };
  const topicIds = async (topics: readonly string[]): Promise<ReadonlyMap<string, string>> =>
    new Map(topics.flatMap((topic) => (server.id === undefined ? [] : [[topic, server.id]])));
  const start = (): TopicWatch => {
    const identity = new StaticMember(checkpoint, undefined);
    identity.assigned(new Map([['t', 1]]));
    return new TopicWatch({ topicIds }, identity);
  };
  return { server, start };
}

test('the tag of a topic is the beginning of its id as Kafka prints it, for every process; one that was made anew has another', async () => {
  const { server, start } = processes();
  const others: string[] = [];
  const look = (watch: TopicWatch): Promise<void> =>
    watch.compare(['t'], (topic, tag) => Promise.resolve(void others.push(`${topic} ${tag}`)));
  const first = start();
  await first.add(['t']);
  assert.equal(first.tagOf('t'), '@PwsDbp0d');
  assert.deepEqual(first.replacedBefore(['t']), []);
  await look(first);
  server.id = OTHER;
  await first.add(['t']);
  assert.equal(first.tagOf('t'), '@PwsDbp0d', 'until it is compared, for what was fetched is of the one before');
  const second = start();
  await second.add(['t']);
  assert.equal(second.tagOf('t'), '@nR1Gao52');
  assert.deepEqual(second.replacedBefore(['t', 't']), ['t']);
  await look(first);
  assert.deepEqual([others, first.tagOf('t')], [['t @nR1Gao52'], '@nR1Gao52']);
});

test('of a server without ids of topics nothing is known, and nothing is said', async () => {
  for (const id of [undefined, '0'.repeat(32)]) {
    const { server, start } = processes();
    server.id = id;
    const watch = start();
    await watch.add(['t']);
    await watch.compare(['t'], () => assert.fail('it is no other one'));
    assert.deepEqual([watch.tagOf('t'), watch.replacedBefore(['t'])], ['', []]);
  }
});
