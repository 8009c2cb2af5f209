import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import { Assignment } from '../../../runtime/buses/kafka/source/assignment.ts';
import type { GroupMember } from '../../../runtime/buses/kafka/source/group-member.ts';
import type { CommittedOffset, KafkaClient } from '../../../runtime/buses/kafka/kafka-client.ts';
import type { Link } from '../../../runtime/buses/kafka/link.ts';
import { RecordBatch } from '../../../runtime/buses/kafka/records/record-batch.ts';
import { StaticMember } from '../../../runtime/buses/kafka/source/static-member.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { frameForTest, recorded } from './ends.ts';

/** As they lie in the log: `count` records of the key `k` from `offset` on. */
export function recordsAt(offset: number, count: number): Buffer {
  const records = new RecordBatch();
  for (let at = 0; at < count; at += 1) {
    const frame = frameForTest('t', String(offset + at), { key: 'k' });
    records.add(frame, Buffer.from('k'), 0, RecordBatch.bound(frame, Buffer.from('k')));
  }
  const bytes = records.finish(0);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return bytes;
}

interface BareOptions {
  readonly isFenced: boolean;
  /** Records of one answer; 0: there are none. */
  readonly perFetch: number;
  readonly window?: number;
  readonly maxMetadataBytes?: number;
  readonly checkSession?: () => void;
  readonly checkpoint?: UnsyncedCheckpoint;
  /** Of the topic, in hexadecimal. Default: the server has none. */
  readonly topicId?: string | undefined;
  readonly group?: string;
}

/** An assignment of `t/0` without a server: its log has no end, and the test says what the group has. */
export function bareAssignment({
  isFenced,
  perFetch,
  window = 1000,
  maxMetadataBytes = 4000,
  checkSession = () => {},
  checkpoint,
  topicId,
  group: name = 'g',
}: BareOptions) {
  const group = { topic: 't', partition: 0, offset: 0, metadata: '' };
  const client: Partial<KafkaClient> = {
    connect: async () => {},
    topicIds: async () => new Map(topicId === undefined ? [] : [['t', topicId]]),
    fetch: async (_server, [asked]) =>
      asked === undefined || perFetch === 0
        ? new Promise(() => {})
        : [
            {
              topic: 't',
              partition: 0,
              error: undefined,
              highWatermark: -1,
              aborted: [],
              records: recordsAt(asked.offset, perFetch),
            },
          ],
  };
  const record = recorded('source');
  const link: Partial<Link> = {
    context: record.context,
    partitions: async () => [{ partition: 0, leader: 1 }],
    client: client as KafkaClient,
  };
  const member: Partial<GroupMember> = { committed: async () => [group] };
  const assignment = new Assignment(link as Link, {
    window: { messages: window, bytes: 1e9 },
    group: name,
    checkpoint,
    start: 'earliest',
    identity: new StaticMember(newCheckpoint(), undefined),
    isOneLane: false,
    maxBytesPerPartition: 100_000,
    maxMetadataBytes,
    isFenced,
  });
  assignment.listen({ moved() {}, awaited() {}, checkSession, failed() {}, succeeded() {} });
  return {
    assignment,
    reported: record.reported,
    /** The member joins, and the group has this. */
    async begin(place: Partial<CommittedOffset>): Promise<void> {
      Object.assign(group, place);
      await assignment.begin(member as GroupMember, new Map([['t', [0]]]));
    },
    [Symbol.dispose]: () => assignment.pause(),
  };
}
