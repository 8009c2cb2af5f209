import type { LoggedTime } from '#contract/sink.ts';
import type { LogIds } from '../../support/log-ids.ts';
import type { Fetched, FetchLimits } from '../kafka-client.ts';
import type { Link } from '../link.ts';
import type { PartitionLogEnd } from './partition-log-end.ts';
import { splitBatches } from '../records/stored-batch.ts';

/** Of one answer, and of one partition in it. Without a wait for more data. */
const LIMITS: FetchLimits = { waitMs: 0, maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** Of all partitions together. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The ids that were found on all servers. */
export interface RecoveryTally {
  readonly ids: LogIds<LoggedTime>;
  seen: number;
  bytes: number;
  /** Why ids may be missing. */
  readonly lacks: Set<string>;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/** Reads the partitions that one server leads until each is done. Rejects when the server cannot be reached. */
export async function readBack(
  link: Link,
  leader: number,
  ends: readonly PartitionLogEnd[],
  tally: RecoveryTally,
): Promise<void> {
  if (leader < 0) throw link.error('BUS_UNREACHABLE', `${ends[0]?.topic}: a partition has no leader now`);
  await link.client.connect(leader);
  // A partition without data comes first the next time: the first partitions of a request fill the answer.
  let queue = [...ends];
  for (;;) {
    const wanted = queue.flatMap((end) => {
      const offset = end.fetchOffset;
      return offset === undefined ? [] : [{ topic: end.topic, partition: end.partition, offset }];
    });
    if (wanted.length === 0 || tally.signal.aborted) break;
    if (tally.bytes >= MOST_BYTES) {
      tally.lacks.add(`more than ${MOST_BYTES} bytes were read`);
      break;
    }
    const fetched = await link.client.fetch(leader, wanted, LIMITS);
    const [first] = wanted;
    const starved: PartitionLogEnd[] = [];
    for (const answer of fetched) {
      const end = queue.find(({ topic, partition }) => topic === answer.topic && partition === answer.partition);
      if (end === undefined) continue;
      const isFirst = first?.topic === end.topic && first.partition === end.partition;
      if (answer.records.length > 0 || answer.error !== undefined || isFirst || end.isEmpty) take(end, answer, tally);
      else starved.push(end);
    }
    queue = [...starved, ...queue.filter((end) => !starved.includes(end))];
  }
  if (ends.some(({ isCut }) => isCut)) tally.lacks.add('there is much of others in the topic');
}

function take(end: PartitionLogEnd, { error, records, aborted }: Fetched, tally: RecoveryTally): void {
  if (error !== undefined) {
    if (error.type !== 'TOPIC_AUTHORIZATION_FAILED') throw error;
    tally.lacks.add(`topic ${end.topic} cannot be read; grant READ on it`);
    end.end();
    return;
  }
  tally.bytes += records.length;
  try {
    end.take(splitBatches(records, aborted), ({ id, time }) => {
      tally.seen += 1;
      if (id?.startsWith(tally.prefix) !== true) return false;
      tally.ids.note(id, time);
      return true;
    });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    tally.lacks.add(`topic ${end.topic}, partition ${end.partition} has a batch that cannot be read (${why})`);
    end.end();
  }
}
