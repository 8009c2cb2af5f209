import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import { LogIds } from '../../support/log-ids.ts';
import { Link } from '../link.ts';
import { EARLIEST, LATEST } from '../kafka-client.ts';
import { listOffsets } from '../list-offsets.ts';
import type { KafkaConnection, KafkaTo } from '../options.ts';
import { PartitionLogEnd } from './partition-log-end.ts';
import { readBack, type RecoveryTally } from './read-back.ts';
import { topicsOfTemplate } from '../topics.ts';

/** With more partitions the recovery would delay the start too long. */
const MOST_PARTITIONS = 1000;

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
}

/** Reads ids from the ends of the partitions back, over own connections: those of the sink stay free. */
export async function recoverIds(
  options: EndOptions<KafkaConnection, KafkaTo>,
  context: BusContext,
  wanted: RecoveryQuery,
  signal: AbortSignal,
): Promise<RecoveredLog> {
  const tally: RecoveryTally = {
    ids: new LogIds(),
    seen: 0,
    bytes: 0,
    lacks: new Set(),
    prefix: wanted.prefix,
    signal,
  };
  const link = new Link({ ...context, report() {} }, options);
  const stop = (): void => link.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await read(link, options.end, { tally, most: wanted.most, window: context.window.messages });
  } catch (thrown) {
    if (!signal.aborted) throw link.errorOf(thrown);
  } finally {
    signal.removeEventListener('abort', stop);
    link.close();
  }
  const { ids, seen, lacks } = tally;
  if (signal.aborted) lacks.add('the servers were too slow to look further back');
  const found = `${ids.count} of the last ${seen} messages are this route's`;
  return { ids: ids.known, seen, lacks: lacks.size === 0 ? undefined : `${[...lacks].join('; ')}: ${found}` };
}

interface Reading {
  readonly tally: RecoveryTally;
  readonly most: number;
  readonly window: number;
}

async function read(link: Link, to: KafkaTo, { tally, most, window }: Reading): Promise<void> {
  const places = await placesOf(link, to);
  if (places.length > MOST_PARTITIONS) {
    tally.lacks.add(
      `${to.topic} stands for ${places.length} partitions, and of more than ${MOST_PARTITIONS} none is read`,
    );
    return;
  }
  const [lows, highs] = await Promise.all([listOffsets(link, places, EARLIEST), listOffsets(link, places, LATEST)]);
  // All frames that may be sent again may have gone to a single partition; over all partitions they are no more.
  const enough = Math.max(2 * window, Math.ceil(most / Math.max(1, places.length)));
  const tails = places.map((place) => {
    const same = ({ topic, partition }: Omit<Place, 'leader'>): boolean =>
      topic === place.topic && partition === place.partition;
    return new PartitionLogEnd({
      ...place,
      low: lows.find(same)?.offset ?? 0,
      high: highs.find(same)?.offset ?? 0,
      enough,
    });
  });
  const byLeader = Map.groupBy(tails, ({ leader }) => leader);
  await Promise.all([...byLeader].map(([leader, led]) => readBack(link, leader, led, tally)));
}

async function placesOf(link: Link, to: KafkaTo): Promise<readonly Place[]> {
  if (!to.topic.includes('{')) return placesIn(to.topic, await link.partitions(to.topic), to.partition);
  const isOurs = topicsOfTemplate(to.topic);
  const topics = (await link.topics()).filter(({ topic }) => isOurs(topic));
  return topics.flatMap(({ topic, partitions }) => placesIn(topic, partitions, to.partition));
}

function placesIn(
  topic: string,
  partitions: readonly { readonly partition: number; readonly leader: number }[],
  only: number | undefined,
): Place[] {
  return partitions
    .filter(({ partition }) => only === undefined || partition === only)
    .map(({ partition, leader }) => ({ topic, partition, leader }));
}
