import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { LogPart, LogRange, LogReplay } from '#contract/log-replay.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import { EARLIEST, LATEST, type PartitionOffset, type TopicPartition } from './kafka-client.ts';
import { kafkaErrorIn } from './kafka-error.ts';
import { Link } from './link.ts';
import { listOffsets } from './list-offsets.ts';
import type { KafkaConnection, KafkaFrom } from './options.ts';
import { retryUntilReady } from './retry-until-ready.ts';

type Options = EndOptions<KafkaConnection, KafkaFrom>;

/** A member that has just left is not forgotten at once. */
const LEFT = { firstMs: 100, capMs: 1000 };
const TRIES = 10;

export const logReplay: LogReplay<Options, BusContext, KafkaFrom> = {
  refusal: () => undefined,
  reader({ instance: _ofTheRoute, ...from }, name, { fromMs }) {
    return { ...from, group: name, start: { time: new Date(fromMs).toISOString() } };
  },
  survey: (options, context, _name, range) => overLink(options, context, (link) => survey(link, options.end, range)),
  placeOf(id) {
    const [, part, offset] = /^(.*\/\d+)\/(\d+)/.exec(id) ?? [];
    return part === undefined ? undefined : { part, position: Number(offset) };
  },
  forget: (options, context, name) => overLink(options, context, (link) => deleteGroup(link, name)),
};

async function survey(link: Link, { topics }: KafkaFrom, { fromMs, toMs }: LogRange): Promise<readonly LogPart[]> {
  const found = await Promise.all(
    topics.map(async (topic) => (await link.partitions(topic)).map((partition) => ({ topic, ...partition }))),
  );
  const places = found.flat();
  const at = async (timeMs: number): Promise<(place: TopicPartition) => number> => {
    const offsets = await listOffsets(link, places, timeMs);
    return (place) => offsetOf(offsets, place);
  };
  const [low, from, to, high] = await Promise.all([at(EARLIEST), at(fromMs), at(toMs), at(LATEST)]);
  return places.map((place) => {
    const [oldest, latest] = [low(place), high(place)];
    // -1: no record is that young.
    const first = from(place) < 0 ? latest : from(place);
    const end = to(place) < 0 ? latest : to(place);
    const isCut = oldest > 0 && first === oldest;
    return { name: `${place.topic}/${place.partition}`, first, end, ...(isCut && { gone: oldest }) };
  });
}

function offsetOf(offsets: readonly PartitionOffset[], { topic, partition }: TopicPartition): number {
  return offsets.find((one) => one.topic === topic && one.partition === partition)?.offset ?? -1;
}

async function deleteGroup(link: Link, group: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const coordinator = await link.client.coordinator(group);
      await link.client.connect(coordinator);
      return await link.client.deleteGroup(coordinator, group);
    } catch (thrown) {
      const type = kafkaErrorIn(thrown)?.type;
      if (type === 'GROUP_ID_NOT_FOUND') return;
      const isPassing =
        type === 'NON_EMPTY_GROUP' || type === 'COORDINATOR_NOT_AVAILABLE' || type === 'NOT_COORDINATOR';
      if (!isPassing || tries === TRIES) throw thrown;
      await pause(backoffMs(LEFT, tries), link.signal);
    }
  }
}

async function overLink<T>(options: Options, context: BusContext, act: (link: Link) => Promise<T>): Promise<T> {
  const link = new Link(context, options);
  try {
    await retryUntilReady(link, context.signal, () => link.ping());
    return await act(link);
  } catch (thrown) {
    throw link.errorOf(thrown);
  } finally {
    link.close();
  }
}
