import errors from 'kafkajs/src/protocol/error.js';
import type { TailIds } from '#kit/tail-ids.ts';
import { fetch, type Fetched, type FetchLimits } from './fetch.ts';
import type { Link } from './link.ts';
import type { PartitionTail } from './partition-tail.ts';
import { splitBatches } from './stored-batch.ts';

/** In one answer, and of one partition in it. What is there comes at once. */
const LIMITS: FetchLimits = { waitMs: 0, maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** Of all partitions together. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What is found, over all servers. */
export interface TailBooks {
  readonly ids: TailIds;
  seen: number;
  bytes: number;
  /** Why some may be missing. */
  readonly lacks: Set<string>;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/** Reads the partitions that one server leads until each is done. Rejects when the server cannot be asked. */
export async function readBack(
  link: Link,
  leader: number,
  tails: readonly PartitionTail[],
  books: TailBooks,
): Promise<void> {
  if (leader < 0) throw link.error('BUS_UNREACHABLE', `${tails[0]?.topic}: a partition has no leader now`);
  const { connectionPool } = await link.broker(leader);
  // Who got nothing is asked for first the next time: the first ones of a request fill the answer.
  let queue = [...tails];
  for (;;) {
    const wanted = queue.flatMap((tail) => {
      const offset = tail.fetchOffset;
      return offset === undefined ? [] : [{ topic: tail.topic, partition: tail.partition, offset }];
    });
    if (wanted.length === 0 || books.signal.aborted) break;
    if (books.bytes >= MOST_BYTES) {
      books.lacks.add(`more than ${MOST_BYTES} bytes were read`);
      break;
    }
    const { errorCode, fetched } = await connectionPool.send(fetch(wanted, LIMITS));
    if (errorCode !== 0) throw errors.createErrorFromCode(errorCode);
    const [first] = wanted;
    const hungry: PartitionTail[] = [];
    for (const answer of fetched) {
      const tail = queue.find(({ topic, partition }) => topic === answer.topic && partition === answer.partition);
      if (tail === undefined) continue;
      const isFirst = first?.topic === tail.topic && first.partition === tail.partition;
      if (answer.records.length > 0 || answer.errorCode !== 0 || isFirst || tail.isEmpty) take(tail, answer, books);
      else hungry.push(tail);
    }
    queue = [...hungry, ...queue.filter((tail) => !hungry.includes(tail))];
  }
  if (tails.some(({ isCut }) => isCut)) books.lacks.add('there is much of others in the topic');
}

function take(tail: PartitionTail, { errorCode, records, aborted }: Fetched, books: TailBooks): void {
  if (errorCode !== 0) {
    const error = errors.createErrorFromCode(errorCode);
    if (error.type !== 'TOPIC_AUTHORIZATION_FAILED') throw error;
    books.lacks.add(`topic ${tail.topic} cannot be read; grant READ on it`);
    tail.end();
    return;
  }
  books.bytes += records.length;
  try {
    tail.take(splitBatches(records, aborted), ({ id, latestMs }) => {
      books.seen += 1;
      if (id?.startsWith(books.prefix) !== true) return false;
      books.ids.note(id, latestMs);
      return true;
    });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    books.lacks.add(`topic ${tail.topic}, partition ${tail.partition} has a batch that cannot be read (${why})`);
    tail.end();
  }
}
