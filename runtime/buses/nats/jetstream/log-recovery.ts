import { randomInt, randomUUID } from 'node:crypto';
import { SluiceError } from '#contract/errors.ts';
import type { LoggedTime, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import type { ConsumerInfo, JetStreamManager } from '../client/library.ts';
import { LogIds } from '../../support/log-ids.ts';
import { pause } from '#kit/deadline.ts';
import { abortable } from '../../support/abortable.ts';
import type { Link } from '../client/link.ts';
import type { Wire } from '../client/wire.ts';
import { managerOf } from './manager.ts';
import { grantsToRead, type Head, pullOnce } from './pull-once.ts';
import { apiErrorCode, asBusError } from './stream.ts';
import { tailNames } from './consumer-names.ts';
import { MESSAGE_ID } from '../write-headers.ts';

/** Sequences of the first span. */
const FIRST_SPAN = 1024;
/** Each further span reaches back at most so many times as far. */
const GROWTH = 4;
/** At most so many messages of the route's subjects are read for each wanted id: other publishers may write there too. */
const SEEN_PER_ID = 8;
/** How far the clock of a source may be ahead of the server's clock. */
const SKEW_MS = 60_000;
const NS_PER_MS = 1_000_000;
/** The server deletes a consumer of a bridge that crashed after so long. */
const INACTIVE_NS = 10_000_000_000;
/** Between two rounds over names that are all taken. */
const AGAIN_MS = 50;
/** The name is another consumer's: "consumer name already in use", "consumer already exists". */
const TAKEN: ReadonlySet<number> = new Set([10_013, 10_105, 10_148]);

export interface LogPlace {
  readonly stream: string;
  /** Matches every subject that the sink writes to. */
  readonly filter: string;
  /** The name of the route's own consumer, with which the names of its tail consumers begin. */
  readonly name: string;
  /** Returns a new inbox of the client at each call. */
  readonly inbox: () => string;
}

/** Sequences from `start` to `end`, without `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads ids from the end of the stream back, headers only, each span through an ephemeral consumer. */
export async function recoverIds(
  link: Link,
  place: LogPlace,
  wanted: RecoveryQuery,
  signal: AbortSignal,
): Promise<RecoveredLog> {
  const manager = await managerOf(link);
  const { wire } = link;
  if (wire === undefined) throw link.error('BUS_UNREACHABLE', 'not connected');
  const { config, state } = await abortable(manager.streams.info(place.stream), signal).catch((error: unknown) => {
    throw asBusError(error, `stream ${place.stream}`);
  });
  if (config.retention !== 'limits') {
    const text = `stream ${place.stream} lets go of what was read (retention ${config.retention}), so it cannot be seen what was written`;
    throw link.error('BUS_SETTING', text);
  }
  // Within duplicate_window the stream itself removes another message of the same id.
  const skewMs = Math.min(SKEW_MS, (config.duplicate_window ?? 0) / NS_PER_MS);
  // A stream that stores messages under other subjects than they were sent to is read without a filter.
  const where = config.subject_transform === undefined ? place : { ...place, filter: '>' };
  const scan = new LogScan(wire, manager, where, { prefix: wanted.prefix, skewMs });
  const mostSeen = wanted.most * SEEN_PER_ID;
  const first = Math.max(1, state.first_seq);
  let span = { start: Math.max(first, state.last_seq + 1 - FIRST_SPAN), end: state.last_seq + 1 };
  while (!signal.aborted) {
    // An empty stream is read too: a missing permission is reported before the first crash.
    try {
      await abortable(scan.read(span, mostSeen, signal), signal);
    } catch (error) {
      if (signal.aborted) break;
      throw link.up ? error : link.error('BUS_UNREACHABLE', 'the connection was lost', error);
    }
    if (scan.ids.count >= wanted.most || span.start <= first || scan.seen >= mostSeen) break;
    const size = nextSize(state.last_seq + 1 - span.start, wanted.most, scan.ids.count);
    span = { start: Math.max(first, span.start - size), end: span.start };
  }
  return { ids: scan.ids.known, seen: scan.seen, lacks: lackOf(scan, wanted, { mostSeen, aborted: signal.aborted }) };
}

/** The size of the next span: little more than holds the missing ids, if they are as dense as before. */
function nextSize(passed: number, most: number, found: number): number {
  const hoped = found === 0 ? Number.POSITIVE_INFINITY : Math.ceil(((most - found) * passed) / found);
  return Math.min(passed * GROWTH, Math.max(hoped, FIRST_SPAN));
}

function lackOf(
  { ids, seen }: LogScan,
  { most }: RecoveryQuery,
  { mostSeen, aborted }: { readonly mostSeen: number; readonly aborted: boolean },
): string | undefined {
  if (ids.count >= most) return undefined;
  const found = `${ids.count} of the last ${seen} messages of the stream are this route's`;
  if (aborted) return `the stream was too slow to look further back: ${found}`;
  return seen >= mostSeen ? `there is much of others in the stream: ${found}` : undefined;
}

/** Reads spans of a stream and collects the ids of the route. */
class LogScan {
  readonly ids = new LogIds<LoggedTime>();
  seen = 0;
  readonly #wire: Wire;
  readonly #manager: JetStreamManager;
  readonly #place: LogPlace;
  readonly #idLine: string;
  readonly #prefix: string;
  readonly #skewMs: number;
  readonly #names: readonly string[];
  #next = 0;

  constructor(
    wire: Wire,
    manager: JetStreamManager,
    place: LogPlace,
    { prefix, skewMs }: { readonly prefix: string; readonly skewMs: number },
  ) {
    this.#wire = wire;
    this.#manager = manager;
    this.#place = place;
    // Of several processes that look at the same time each begins elsewhere.
    const names = tailNames(place.name);
    const first = randomInt(names.length);
    this.#names = [...names.slice(first), ...names.slice(0, first)];
    this.#prefix = prefix;
    this.#skewMs = skewMs;
    this.#idLine = `\r\n${MESSAGE_ID}: ${prefix}`;
  }

  /** Reads at most `mostSeen` messages in all. */
  async read(span: Span, mostSeen: number, signal: AbortSignal): Promise<void> {
    const consumer = await this.#consumer(span.start, signal);
    try {
      // The messages that were read before lie behind this span. Messages that arrive meanwhile may be read too.
      const count = Math.min(consumer.num_pending - this.seen, mostSeen - this.seen);
      if (count <= 0) return;
      const from = { stream: this.#place.stream, consumer: consumer.name };
      for (let left = count; left > 0 && !signal.aborted;) {
        const pull = { ...from, inbox: this.#place.inbox(), most: left };
        const got = await pullOnce(this.#wire, pull, signal, (head) => this.#note(head));
        if (got === 0) return;
        left -= got;
      }
    } finally {
      // Without the deletion the server removes it after INACTIVE_NS.
      this.#manager.consumers.delete(this.#place.stream, consumer.name).catch(() => {});
    }
  }

  /** Waits while other readers have all the names. Rejects with BUS_AUTH where it is not permitted. */
  async #consumer(start: number, signal: AbortSignal): Promise<ConsumerInfo> {
    const { stream } = this.#place;
    try {
      for (let tries = 1; ; tries += 1) {
        const made = await this.#add(this.#nextName(), start).catch((error: unknown) => {
          if (!TAKEN.has(apiErrorCode(error) ?? 0) || signal.aborted) throw error;
        });
        if (made !== undefined) return made;
        if (tries % this.#names.length === 0) await pause(AGAIN_MS, signal);
      }
    } catch (error) {
      const failure = asBusError(error, `reading the end of stream ${stream}`);
      if (failure.code !== 'BUS_AUTH') throw failure;
      const text = `the end of stream ${stream} cannot be read; grant ${grantsToRead(stream)}`;
      throw new SluiceError('BUS_AUTH', text, { cause: error });
    }
  }

  #nextName(): string {
    const name = this.#names[this.#next % this.#names.length] ?? '';
    this.#next += 1;
    return name;
  }

  #add(name: string, start: number): Promise<ConsumerInfo> {
    const { stream, filter } = this.#place;
    return this.#manager.consumers.add(stream, {
      name,
      // The server gives an equal consumer to the second who makes it: none is equal.
      description: `reader ${randomUUID()}`,
      ack_policy: 'none',
      deliver_policy: 'by_start_sequence',
      opt_start_seq: start,
      filter_subject: filter,
      headers_only: true,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_NS,
    });
  }

  #note({ headers, timestampMs }: Head): void {
    this.seen += 1;
    const at = headers?.indexOf(this.#idLine) ?? -1;
    if (headers === undefined || at < 0) return;
    const start = at + this.#idLine.length - this.#prefix.length;
    this.ids.note(headers.slice(start, headers.indexOf('\r\n', start)), {
      latestMs: timestampMs + this.#skewMs,
    });
  }
}
