import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Assignment } from '../../../runtime/buses/kafka/source/assignment.ts';
import type { GroupMember } from '../../../runtime/buses/kafka/source/group-member.ts';
import type { KafkaClient } from '../../../runtime/buses/kafka/kafka-client.ts';
import type { Link } from '../../../runtime/buses/kafka/link.ts';
import { StaticMember } from '../../../runtime/buses/kafka/source/static-member.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { recorded } from './ends.ts';

const LED = { partition: 0, leader: 1 };

test('a question for the leaders that failed is asked again, and the trouble is over once it is answered', async () => {
  let isAway = false;
  const client: Partial<KafkaClient> = {
    connect: () => Promise.reject(new Error('away')),
    topicIds: async () => new Map(),
  };
  const link: Partial<Link> = {
    context: recorded('source').context,
    partitions: async () => {
      if (isAway) throw new Error('away');
      return [LED];
    },
    client: client as KafkaClient,
  };
  const member: Partial<GroupMember> = {
    committed: async () => [{ topic: 't', partition: 0, offset: 5, metadata: '' }],
  };
  const assignment = new Assignment(link as Link, {
    window: { messages: 10, bytes: 1000 },
    group: 'g',
    start: 'earliest',
    identity: new StaticMember(newCheckpoint(), undefined),
    isOneLane: false,
    maxBytesPerPartition: 1000,
    maxMetadataBytes: 4000,
    isFenced: false,
  });
  const said: string[] = [];
  assignment.listen({
    moved() {},
    awaited() {},
    checkSession() {},
    failed: (what) => void said.push(`trouble ${what}`),
    succeeded: (what) => void said.push(`fine ${what}`),
  });
  await assignment.begin(member as GroupMember, new Map([['t', [0]]]));
  assignment.pause();
  assert.equal(assignment.needsLeaders, false);
  isAway = true;
  await assignment.findLeaders();
  assert.equal(assignment.needsLeaders, true, 'it is not asked again');
  isAway = false;
  await assignment.findLeaders();
  assert.equal(assignment.needsLeaders, false);
  const leaders = said.filter((what) => what.endsWith('leaders'));
  assert.deepEqual(leaders, ['trouble leaders', 'fine leaders']);
});
