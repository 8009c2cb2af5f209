import errors from 'kafkajs/src/protocol/error.js';
import type { SinkTail } from '#contract/sink.ts';
import { withDeadline } from '#kit/deadline.ts';
import { fetch } from './fetch.ts';
import type { Link } from './link.ts';
import { EARLIEST, LATEST, offsetsAt } from './offsets.ts';
import { openBatch, splitBatches } from './stored-batch.ts';

const LIMITS = { waitMs: 0, maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 4 * 1024 * 1024 };
const ANSWER_MS = 10_000;

interface Part {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
}

/** The ends of a topic's partitions. Kafka removes no duplicates, so they are read after each outage. */
export function topicTail(link: Link, topic: string): SinkTail {
  return {
    removesForMs: 0,
    async read(prefix, lookBack, signal) {
      const parts: Part[] = (await link.partitions(topic)).map(({ partitionId, leader }) => ({
        topic,
        partition: partitionId,
        leader,
      }));
      const [ends, beginnings] = await Promise.all([offsetsAt(link, parts, LATEST), offsetsAt(link, parts, EARLIEST)]);
      const found = new Set<string>();
      // A key may have sent all of it to one partition.
      await Promise.all(
        parts.map(async (part) => {
          const isPart = (place: { readonly partition: number }): boolean => place.partition === part.partition;
          const end = ends.find(isPart)?.offset ?? 0;
          const from = Math.max(beginnings.find(isPart)?.offset ?? 0, end - lookBack);
          for await (const id of idsOf(link, part, from, end, signal)) if (id.startsWith(prefix)) found.add(id);
        }),
      );
      return found;
    },
  };
}

async function* idsOf(link: Link, part: Part, from: number, end: number, signal: AbortSignal): AsyncGenerator<string> {
  for (let offset = from; offset < end;) {
    signal.throwIfAborted();
    const asking = link
      .broker(part.leader)
      .then(({ connectionPool }) => connectionPool.send(fetch([{ ...part, offset }], LIMITS)));
    const silent = (): Error => link.error('BUS_UNREACHABLE', 'a server does not answer a fetch');
    const { errorCode, fetched } = await withDeadline(asking, ANSWER_MS, silent);
    const [answer] = fetched;
    const code = errorCode === 0 ? (answer?.errorCode ?? 0) : errorCode;
    if (code !== 0) throw link.errorOf(errors.createErrorFromCode(code), `the end of topic ${part.topic}`);
    const batches = splitBatches(answer?.records ?? Buffer.alloc(0), answer?.aborted ?? []);
    if (batches.length === 0) return;
    for (const batch of batches) {
      offset = batch.nextOffset;
      if (batch.isHidden) continue;
      const cursor = openBatch(batch);
      for (let count = 0; count < batch.count; count += 1) {
        const { id } = cursor.next(part.topic);
        if (id !== undefined) yield id;
      }
    }
  }
}
