import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { LogPart, LogRange, LogReplay } from '#contract/log-replay.ts';
import { Link } from '../client/link.ts';
import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { holderName } from './consumer-names.ts';
import { startOf } from './consumer.ts';
import { managerOf } from './manager.ts';
import type { JetStreamConnectionOptions, JetStreamFrom } from './options.ts';
import { apiErrorCode, asBusError } from './stream.ts';

const CONSUMER_NOT_FOUND = 10_014;
/** The server deletes a counting consumer of a command that was killed after so long. */
const INACTIVE_NS = 10_000_000_000;

type Options = EndOptions<JetStreamConnectionOptions, JetStreamFrom>;

export const logReplay: LogReplay<Options, BusContext, JetStreamFrom> = {
  refusal: () => undefined,
  reader: (from, name, _range, [part]) => ({
    ...from,
    durable: name,
    start: { sequence: Math.max(1, part?.first ?? 1) },
  }),
  survey: (options, context, name, range) =>
    overLink(options, context, (manager, link) => survey(manager, link, options.end, { name, range })),
  placeOf(id) {
    const at = id.lastIndexOf(':');
    return { part: id.slice(0, at), position: Number(id.slice(at + 1)) };
  },
  forget: (options, context, name) =>
    overLink(options, context, async (manager) => {
      for (const consumer of [name, holderName(name)]) {
        await manager.consumers.delete(options.end.stream, consumer).catch((error: unknown) => {
          if (apiErrorCode(error) !== CONSUMER_NOT_FOUND) throw asBusError(error, `deleting consumer ${consumer}`);
        });
      }
    }),
};

async function survey(
  manager: JetStreamManager,
  link: Link,
  { stream, subjects = [] }: JetStreamFrom,
  { name, range }: { readonly name: string; readonly range: LogRange },
): Promise<readonly LogPart[]> {
  const info = await manager.streams.info(stream).catch((error: unknown) => {
    throw asBusError(error, `stream ${stream}`);
  });
  if (info.config.retention !== 'limits') {
    const text = `stream ${stream} lets go of what was read (retention ${info.config.retention}): it has nothing to read again; replay dead letters (sluice dlq), or keep an archive in a stream with retention limits`;
    throw link.error('BUS_SETTING', text);
  }
  const begin = await counted(manager, stream, subjects, { name: `${name}-from`, ms: range.fromMs });
  const behind = await counted(manager, stream, subjects, { name: `${name}-to`, ms: range.toMs });
  const gone = goneBefore(info, range.fromMs);
  return [
    {
      name: `${stream}@${Date.parse(info.created).toString(36)}`,
      first: begin.first,
      end: behind.first,
      messages: Math.max(0, begin.pending - behind.pending),
      ...(gone > 0 && { gone }),
    },
  ];
}

/** The stream's first message is younger than the range's beginning: the ones before it may have been in the range. */
function goneBefore({ state }: StreamInfo, fromMs: number): number {
  return Date.parse(state.first_ts) > fromMs ? state.first_seq - 1 : 0;
}

/** The first sequence that is not older, and how many messages of these subjects there are from it on. */
async function counted(
  manager: JetStreamManager,
  stream: string,
  subjects: readonly string[],
  { name, ms }: { readonly name: string; readonly ms: number },
): Promise<{ readonly first: number; readonly pending: number }> {
  const made: ConsumerInfo = await manager.consumers
    .add(stream, {
      name,
      ack_policy: 'none',
      ...startOf({ time: new Date(ms).toISOString() }),
      ...(subjects.length > 0 && { filter_subjects: [...subjects] }),
      headers_only: true,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_NS,
    })
    .catch((error: unknown) => {
      throw asBusError(error, `counting the messages of stream ${stream}`);
    });
  await manager.consumers.delete(stream, name).catch(() => {});
  return { first: made.delivered.stream_seq + 1, pending: made.num_pending };
}

async function overLink<T>(
  options: Options,
  context: BusContext,
  act: (manager: JetStreamManager, link: Link) => Promise<T>,
): Promise<T> {
  const link = new Link(context);
  try {
    await link.open(options);
    return await act(await managerOf(link), link);
  } finally {
    await link.close();
  }
}
