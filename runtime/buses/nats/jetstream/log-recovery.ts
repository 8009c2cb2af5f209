import { randomUUID } from 'node:crypto';
import { SluiceError } from '#contract/errors.ts';
import type { LoggedTime, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import type { ConsumerInfo, JetStreamManager, NatsConnection } from '../client/library.ts';
import { LogIds } from '../../support/log-ids.ts';
import { abortable } from '../../support/abortable.ts';
import type { Link } from '../client/link.ts';
import { managerOf } from './manager.ts';
import { grantsToRead, type Head, pullOnce } from './pull-once.ts';
import { asBusError } from './stream.ts';
import { MESSAGE_ID } from '../write-headers.ts';

/** The first look; each further one goes back four times as far. */
const FIRST_LOOK = 1024;
const FURTHER = 4;
/** Messages of the route's subjects that are looked at for each id that is wanted, at most: the others are of others. */
const SEEN_PER_ID = 8;
/** How far the clock of a source may be ahead of this server's. */
const SKEW_MS = 60_000;
const NS_PER_MS = 1_000_000;
/** The server forgets a consumer of ours that outlives a crash. */
const INACTIVE_NS = 10_000_000_000;

export interface LogPlace {
  readonly stream: string;
  /** Every subject that the sink writes to matches it. */
  readonly filter: string;
  /** What consumers of the route are called. */
  readonly name: string;
  /** A new subject of the client's making at each call. */
  readonly inbox: () => string;
}

/** Some of the newest part of the stream: sequences from `start` up to and without `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads ids from the end of the stream back, headers only, each part through a consumer that keeps nothing. */
export async function recoverIds(
  link: Link,
  place: LogPlace,
  wanted: RecoveryQuery,
  signal: AbortSignal,
): Promise<RecoveredLog> {
  const manager = await managerOf(link);
  const { connection } = link;
  if (connection === undefined) throw link.error('BUS_UNREACHABLE', 'not connected');
  const { config, state } = await abortable(manager.streams.info(place.stream), signal).catch((error: unknown) => {
    throw asBusError(error, `stream ${place.stream}`);
  });
  if (config.retention !== 'limits') {
    const text = `stream ${place.stream} lets go of what was read (retention ${config.retention}), so it cannot be seen what was written`;
    throw link.error('BUS_SETTING', text);
  }
  // Within it the stream itself takes another message of the id for the same one.
  const skewMs = Math.min(SKEW_MS, (config.duplicate_window ?? 0) / NS_PER_MS);
  // A stream that keeps messages under other subjects than they were sent to is looked through whole.
  const where = config.subject_transform === undefined ? place : { ...place, filter: '>' };
  const look = new Look(connection, manager, where, { prefix: wanted.prefix, skewMs });
  const mostSeen = wanted.most * SEEN_PER_ID;
  const first = Math.max(1, state.first_seq);
  let span = { start: Math.max(first, state.last_seq + 1 - FIRST_LOOK), end: state.last_seq + 1 };
  while (!signal.aborted) {
    // Into an empty stream too: who may not read it should hear that before the first crash.
    try {
      await abortable(look.through(span, mostSeen, signal), signal);
    } catch (error) {
      if (signal.aborted) break;
      throw link.up ? error : link.error('BUS_UNREACHABLE', 'the connection was lost', error);
    }
    if (look.ids.count >= wanted.most || span.start <= first || look.seen >= mostSeen) break;
    const size = further(state.last_seq + 1 - span.start, wanted.most, look.ids.count);
    span = { start: Math.max(first, span.start - size), end: span.start };
  }
  return { ids: look.ids.known, seen: look.seen, lacks: lackOf(look, wanted, { mostSeen, aborted: signal.aborted }) };
}

/** How many sequences the next span has: not many more than hold what is missing, if they hold as much as those before. */
function further(passed: number, most: number, found: number): number {
  const hoped = found === 0 ? Number.POSITIVE_INFINITY : Math.ceil(((most - found) * passed) / found);
  return Math.min(passed * FURTHER, Math.max(hoped, FIRST_LOOK));
}

function lackOf(
  { ids, seen }: Look,
  { most }: RecoveryQuery,
  { mostSeen, aborted }: { readonly mostSeen: number; readonly aborted: boolean },
): string | undefined {
  if (ids.count >= most) return undefined;
  const found = `${ids.count} of the last ${seen} messages of the stream are this route's`;
  if (aborted) return `the stream was too slow to look further back: ${found}`;
  return seen >= mostSeen ? `there is much of others in the stream: ${found}` : undefined;
}

/** What was seen of a stream so far. */
class Look {
  readonly ids = new LogIds<LoggedTime>();
  seen = 0;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #place: LogPlace;
  readonly #mark: string;
  readonly #prefix: string;
  readonly #skewMs: number;

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    place: LogPlace,
    { prefix, skewMs }: { readonly prefix: string; readonly skewMs: number },
  ) {
    this.#connection = connection;
    this.#manager = manager;
    this.#place = place;
    this.#prefix = prefix;
    this.#skewMs = skewMs;
    this.#mark = `\r\n${MESSAGE_ID}: ${prefix}`;
  }

  /** At most `mostSeen` in all are looked at. */
  async through(span: Span, mostSeen: number, signal: AbortSignal): Promise<void> {
    const consumer = await this.#consumer(span.start);
    try {
      // What was seen before lies behind this span. What others write meanwhile is looked at in vain.
      const count = Math.min(consumer.num_pending - this.seen, mostSeen - this.seen);
      if (count <= 0) return;
      const from = { stream: this.#place.stream, consumer: consumer.name };
      for (let left = count; left > 0 && !signal.aborted;) {
        const pull = { ...from, inbox: this.#place.inbox(), most: left };
        const got = await pullOnce(this.#connection, pull, signal, (head) => this.#note(head));
        if (got === 0) return;
        left -= got;
      }
    } finally {
      // Left alone it goes by itself.
      this.#manager.consumers.delete(this.#place.stream, consumer.name).catch(() => {});
    }
  }

  async #consumer(start: number): Promise<ConsumerInfo> {
    const { stream, filter, name } = this.#place;
    try {
      return await this.#manager.consumers.add(stream, {
        name: `${name}-tail-${randomUUID()}`,
        ack_policy: 'none',
        deliver_policy: 'by_start_sequence',
        opt_start_seq: start,
        filter_subject: filter,
        headers_only: true,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: INACTIVE_NS,
      });
    } catch (error) {
      const failure = asBusError(error, `reading the end of stream ${stream}`);
      if (failure.code !== 'BUS_AUTH') throw failure;
      const text = `the end of stream ${stream} cannot be read; grant ${grantsToRead(stream)}`;
      throw new SluiceError('BUS_AUTH', text, { cause: error });
    }
  }

  #note({ headers, timestampMs }: Head): void {
    this.seen += 1;
    const at = headers?.indexOf(this.#mark) ?? -1;
    if (headers === undefined || at < 0) return;
    const start = at + this.#mark.length - this.#prefix.length;
    this.ids.note(headers.slice(start, headers.indexOf('\r\n', start)), {
      latestMs: timestampMs + this.#skewMs,
    });
  }
}
