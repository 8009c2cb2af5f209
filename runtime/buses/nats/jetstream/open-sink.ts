import type { BusContext, EndOptions } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { durationMs } from '#kit/quantity.ts';
import type { StreamInfo } from '../client/library.ts';
import { Link } from '../client/link.ts';
import { headerSpelling } from '../header-spelling.ts';
import { durableName } from './consumer-names.ts';
import { retryOverLink } from './retry-over-link.ts';
import type { JetStreamConnectionOptions, JetStreamTo } from './options.ts';
import { JetStreamSink } from './sink.ts';
import { recoverIds } from './log-recovery.ts';
import { managerOf } from './manager.ts';
import { findStream, subjectsToMake } from './stream.ts';
import { filterOfTemplate, overlap } from '../subject.ts';

const LOOK_AGAIN_MS = 5000;
const NS_PER_MS = 1_000_000;

/** Connects, and checks that the stream exists and takes the subject. */
export async function openJetStreamSink(
  options: EndOptions<JetStreamConnectionOptions, JetStreamTo>,
  context: BusContext,
): Promise<Sink> {
  const { connection, end } = options;
  const link = new Link(context);
  const filter = filterOfTemplate(end.subject);
  const subjects = connection.create ? subjectsToMake(end.stream, [filter], options.siblings) : undefined;
  const wanted = { name: end.stream, subjects };
  const look = async (): Promise<StreamInfo> => {
    const info = await findStream(await managerOf(link), wanted);
    checkTarget(info, end, filter);
    return info;
  };
  try {
    await link.open(options);
    const { config } = await retryOverLink(link, context.signal, look);
    if (config.storage === 'memory') {
      const text = `stream ${end.stream} keeps its messages in memory: a confirmed message does not survive a restart of the server`;
      context.report({ kind: 'notice', code: 'STREAM_IN_MEMORY', text });
    }
    const isReplicated = config.num_replicas > 1;
    if (isReplicated && filter === end.subject) {
      const text = `stream ${end.stream} has ${config.num_replicas} replicas: to keep the order one message of a subject is under way at a time, and this route has one subject; put the key into it where the route must be faster`;
      context.report({ kind: 'notice', code: 'ONE_OF_A_SUBJECT', text });
    }
    const { wire } = link;
    if (wire === undefined) throw link.error('BUS_UNREACHABLE', 'not connected');
    const place = {
      stream: end.stream,
      filter,
      name: durableName(context.pipeline, context.route),
      inbox: () => link.inbox(),
    };
    return new JetStreamSink(link, wire, link.inbox(), {
      stream: end.stream,
      spell: speller(context, headerSpelling),
      timeoutMs: durationMs(end.timeout),
      isReplicated,
      takesTtl: config.allow_msg_ttl === true,
      // A failed send may have been stored up to `timeout` earlier.
      removesForMs: Math.max(0, (config.duplicate_window ?? 0) / NS_PER_MS - durationMs(end.timeout)),
      recoverIds: (wantedIds, signal) => recoverIds(link, place, wantedIds, signal),
      streamGone: reportsAfter(link, look),
    });
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Throws BUS_SETTING when no message of this route could ever be confirmed. */
function checkTarget({ config }: StreamInfo, { stream, subject }: JetStreamTo, filter: string): void {
  if (!config.subjects?.some((taken) => overlap(taken, filter))) {
    const found = config.subjects?.join(', ') ?? 'none';
    throw new SluiceError(
      'BUS_SETTING',
      `stream ${stream} takes the subjects ${found}, and ${subject} is none of them; fix stream or subject`,
    );
  }
  if (config.no_ack === true) {
    throw new SluiceError('BUS_SETTING', `stream ${stream} has no_ack set and confirms nothing; clear it`);
  }
}

/** Checks the stream, at most every few seconds, and reports its fault. */
function reportsAfter(link: Link, look: () => Promise<unknown>): () => void {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (!link.up || performance.now() - lookedAtMs < LOOK_AGAIN_MS) return;
    lookedAtMs = performance.now();
    look().catch((error: unknown) => {
      if (link.up && error instanceof SluiceError) link.problem(error.code, error.message, error.cause);
    });
  };
}
