import type { Guarantees } from '#contract/bus.ts';
import { sizeBytes } from '#kit/quantity.ts';
import { surelyHolds } from './source/commit-metadata.ts';
import { COMMIT_INTERVAL_MS } from './source/offset-committer.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from './options.ts';

const CARRIES = {
  carriesHeaders: true,
  carriesKey: true,
  carriesExpiry: true,
  carriesNull: true,
  deduplicates: false,
} as const;

export function sourceGuarantees(_connection: KafkaConnection, from: KafkaFrom): Guarantees {
  const notes = [
    `after a kill a window of messages at the most comes again, under the same ids, once the bridge is started with its state folder. Where another instance goes on, the folder is lost, the power was cut, or the server is older than Kafka 3.1, what was settled since the last commit comes again too: commits begin ${COMMIT_INTERVAL_MS} ms after a settlement at the latest, and after a window of settlements`,
    'what retention deletes before it was read is lost: that is said as a loss, with the number of messages',
    "times are the producer's (CreateTime); where the topic says message.timestamp.type=LogAppendTime they are the server's",
    'the place of the group is forgotten when no member was there for offsets.retention.minutes (7 days unless the server says otherwise): then the group begins at start',
  ];
  if (from.start !== 'earliest') {
    notes.push('start: what lies before it is never read; a partition that is added later is read from its beginning');
  }
  return {
    ...CARRIES,
    confirms: 'stored',
    redelivers: true,
    stamps: 'publisher',
    commitsEveryMs: COMMIT_INTERVAL_MS,
    repeatsBeside: 'without its state folder what was settled since the last commit too',
    recoversIds: false,
    ordered: 'key',
    instances: {
      share: 'by-key',
      room: roomOf(from),
      means: 'the group gives each partition to one of them, and its commits hold what is settled there',
    },
    notes,
  };
}

/** Of the metadata of the commits. */
function roomOf({ maxCommitMetadata }: KafkaFrom): { readonly upTo: number; readonly beyond: string } {
  const upTo = surelyHolds(sizeBytes(maxCommitMetadata));
  const beyond =
    upTo === 0
      ? 'maxCommitMetadata leaves no room for what is settled behind an unsettled message'
      : `with more than ${upTo} unsettled messages maxCommitMetadata may leave no room for all that is settled behind them. That is counted, and can come again behind a newer message of its key`;
  return { upTo, beyond };
}

export function sinkGuarantees(_connection: KafkaConnection, to: KafkaTo): Guarantees {
  const notes = [
    'all replicas in sync confirm: with replication.factor 3 and min.insync.replicas 2 that survives the loss of a server; with one replica it survives a crash and not a power cut',
    'order is that of a partition: a topic that gets more partitions puts keys elsewhere from then on',
    "the time of a record is that of its message: where that is older than the topic's retention.ms the server may delete the record within minutes, though it has confirmed it; message.timestamp.type=LogAppendTime on the topic prevents it",
    'the server removes no duplicates: a route that starts reads back what it wrote last and sends none of that again; after a failure while it runs readers have the header msgid',
  ];
  if (to.partition !== undefined) notes.push(`partition: everything goes to partition ${to.partition}`);
  return {
    ...CARRIES,
    confirms: 'stored',
    redelivers: false,
    stamps: 'publisher',
    recoversIds: true,
    ordered: 'key',
    notes,
  };
}
