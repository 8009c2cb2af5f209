import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '../../../runtime/buses/kafka/kafka-error.ts';
import type { CommittedOffset } from '../../../runtime/buses/kafka/kafka-client.ts';
import { commitByTopic } from '../../../runtime/buses/kafka/source/commit-by-topic.ts';

const placesOf = (...topics: readonly string[]): CommittedOffset[] =>
  topics.map((topic, offset) => ({ topic, partition: 0, offset, metadata: '' }));

/** A group that takes what it can of a request, and the client's report of that: one failure for all. */
function groupWithout(refused: readonly string[], type: string) {
  const requests: string[][] = [];
  const has = new Set<string>();
  return {
    requests,
    has,
    commit: (places: readonly CommittedOffset[]): Promise<void> => {
      const topics = places.map(({ topic }) => topic);
      requests.push(topics);
      for (const topic of topics) if (!refused.includes(topic)) has.add(topic);
      const isRefused = topics.some((topic) => refused.includes(topic));
      return isRefused ? Promise.reject(new KafkaError('BUS_MISSING', 'no such topic', { type })) : Promise.resolve();
    },
  };
}

const topicsOf = (places: readonly CommittedOffset[]): string[] => places.map(({ topic }) => topic);

test('one request commits all topics', async () => {
  const { commit, requests } = groupWithout([], '');
  assert.deepEqual(topicsOf(await commitByTopic(commit, placesOf('a', 'b', 'b'))), ['a', 'b', 'b']);
  assert.deepEqual(requests, [['a', 'b', 'b']]);
});

for (const type of ['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED']) {
  test(`the commits of the others hold while one topic is refused: ${type}`, async () => {
    const { commit, has } = groupWithout(['gone'], type);
    assert.deepEqual(topicsOf(await commitByTopic(commit, placesOf('gone', 'a', 'b'))), ['a', 'b']);
    assert.deepEqual([...has], ['a', 'b']);
  });
}

test('where every topic is refused, and for any other failure, nothing counts as committed', async () => {
  const gone = groupWithout(['a', 'b'], 'UNKNOWN_TOPIC_OR_PARTITION');
  await assert.rejects(commitByTopic(gone.commit, placesOf('a', 'b')), /no such topic/);
  const alone = groupWithout(['a'], 'UNKNOWN_TOPIC_OR_PARTITION');
  await assert.rejects(commitByTopic(alone.commit, placesOf('a')), /no such topic/);
  assert.equal(alone.requests.length, 1);
  const moved = groupWithout(['a'], 'REBALANCE_IN_PROGRESS');
  await assert.rejects(commitByTopic(moved.commit, placesOf('a', 'b')), /no such topic/);
  assert.equal(moved.requests.length, 1);
});
