import { isDeepStrictEqual } from 'node:util';
import type { LossCode } from '#contract/event-codes.ts';
import type { BusContext } from '#contract/bus.ts';
import { asSluiceError } from '#contract/errors.ts';
import type { ConsumerInfo, JetStreamManager, StreamConfig, StreamInfo } from '../client/library.ts';
import type { Coordinates } from './ack-reply.ts';
import type { HeldConsumer } from './consumer.ts';
import { type Removed, RemovedMessages } from './removed-messages.ts';
import { readKept, type KeptStream, writeKept } from './stream-checkpoint.ts';
import { remarksOn } from './stream.ts';
import { includes } from '../subject.ts';
import { removedSince, waitingAt } from './pending-count.ts';

/** How often the position is written down while it moves. */
const SAVE_MS = 30_000;

/** The result of a comparison of the stream with its earlier state. */
export type Finding =
  /** The one that was read before, or the first. */
  | 'same'
  /** Another one under its name: it is read from its beginning. */
  | 'other'
  /** Restored from a backup, or it lost its end: messages stored `behindNewest` are to be read. */
  | 'set back';

const REMOVED = 'removed before the route had read them: purged, deleted, or cut off by a limit of the stream';

/**
 * Tells a stream from another one under its name, and from its own earlier state: by when it was made, where it ends, when
 * its messages were stored, and which sequences are missing. A checkpoint passes that on to the next process.
 */
export class StreamPosition {
  readonly #context: BusContext;
  readonly #stream: string;
  readonly #filters: readonly string[];
  readonly #removed: RemovedMessages;
  #kept: KeptStream | undefined;
  #config: StreamConfig | undefined;
  #isRead = false;
  #isBegun = false;
  /** Found before `begin`. */
  #removedBefore = 0;
  #isSaved = true;
  readonly #saving: NodeJS.Timeout;

  constructor(context: BusContext, stream: string, filters: readonly string[]) {
    this.#context = context;
    this.#stream = stream;
    this.#filters = filters;
    this.#removed = new RemovedMessages((removed) => this.#reportMissing(removed));
    this.#saving = setInterval(() => this.#save(), SAVE_MS);
  }

  /** Begins the id of each message. */
  get name(): string {
    return this.#kept?.name ?? this.#stream;
  }

  /** From when on messages are new ones, when the stream was set back; undefined where nothing is known of those before. */
  get behindNewest(): string | undefined {
    const { newestMs = 0 } = this.#kept ?? {};
    return newestMs === 0 ? undefined : new Date(newestMs + 1).toISOString();
  }

  close(): void {
    clearInterval(this.#saving);
    this.#removed.flush();
    this.#save();
  }

  /** Compares the stream with what is known of it. `received`: the last sequence that came to this process; undefined before its first session. */
  compare(stream: StreamInfo, received: number | undefined): Finding {
    const { created, state, config } = stream;
    this.#reportRemarks(stream);
    this.#config = config;
    if (!this.#isRead) {
      this.#kept = readKept(this.#context.checkpoint, this.#stream);
      this.#isRead = true;
    }
    const kept = this.#kept;
    const name = `${this.#stream}@${Date.parse(created).toString(36)}`;
    const nothing = { received: 0, deliveries: 0, newestMs: 0, countFrom: 0, waiting: undefined };
    const fresh = { stream: this.#stream, created, name, ...nothing };
    if (kept !== undefined && kept.created === created && state.last_seq >= (received ?? kept.received)) {
      if (received !== undefined) this.#begins(config, state.first_seq);
      return 'same';
    }
    this.#removed.countFrom(undefined);
    if (kept?.created === created) {
      this.#setBack(
        kept,
        `stream ${this.#stream} ended at ${received ?? kept.received} and now ends at ${state.last_seq}`,
      );
      return 'set back';
    }
    this.#keep(fresh);
    if (kept === undefined) return 'same';
    const when = received === undefined ? ' while the route was stopped' : '';
    const text = `stream ${this.#stream} was deleted and made again${when}; reading starts at its beginning. What was not read of the one before is gone; how many messages, is not known`;
    this.#reportLoss('STREAM_RECREATED', text);
    if (received !== undefined) this.#count(config, 0);
    return 'other';
  }

  /** A look while the route reads: what waits now, a later session counts on. `stream` was looked at after `consumer`. */
  looked(consumer: ConsumerInfo, stream: StreamInfo): void {
    this.#reportRemarks(stream);
    if (this.#kept === undefined || !this.#countsWaiting(stream.config)) return;
    const waiting = waitingAt(consumer, stream);
    if (isDeepStrictEqual(waiting, this.#kept.waiting)) return;
    this.#kept = { ...this.#kept, waiting };
    this.#isSaved = false;
  }

  /** Whether a look at what waits is of use. */
  get countsWaiting(): boolean {
    return this.#config !== undefined && this.#countsWaiting(this.#config);
  }

  /** Of what waited for the durable at the last look of an earlier session, that which was removed since is a loss. */
  async countRemoved(manager: JetStreamManager, stream: StreamInfo, held: HeldConsumer): Promise<void> {
    const { waiting, received = 0 } = this.#kept ?? {};
    if (waiting === undefined) return;
    const isCounted = this.#isCounted(stream.config);
    // While this process reads all of the stream, the sequences that do not come show it.
    if (!held.hadOtherFilters && !(this.#isBegun && isCounted)) {
      const removed = await removedSince(waiting, manager, stream, held.info, isCounted);
      this.#passedOver(stream, Math.max(waiting.storedUpTo, received));
      if (this.#isBegun) this.fewer(removed);
      else this.#removedBefore = removed;
    }
    this.#forgetWaiting();
  }

  /** The first session of this process begins, with a durable that is `isNew` or goes on. */
  begin({ config, state }: StreamInfo, consumer: ConsumerInfo, isNew: boolean): void {
    this.#isBegun = true;
    const { ack_floor: floor, delivered, name } = consumer;
    const { received = 0, deliveries = 0, countFrom = 0 } = this.#kept ?? {};
    if (isNew) {
      if (this.#kept !== undefined) this.#keep({ ...this.#kept, countFrom: state.last_seq });
      // Sequences above that belong to an earlier durable, and this one begins at `start`.
      const passed = received === 0 ? 0 : floor.stream_seq - received;
      if (passed > 0) {
        const text = `consumer ${name} of stream ${this.#stream} was deleted while the route was stopped; start passes over up to ${passed} messages`;
        this.#reportLoss('POSITION_LOST', text, this.#isCounted(config) ? passed : undefined);
      }
      return this.#count(config, state.last_seq);
    }
    // With another retention acknowledged messages are gone, and may lie above the floor.
    const isLimits = isByLimits(config);
    const place = isLimits ? floor.stream_seq : delivered.stream_seq;
    // A purge moves the floor to the stream's new beginning. The earlier process received no more than it wrote down, and what
    // was delivered after it last did: a floor beyond that stands above messages that were purged unread.
    const deliveredSince = delivered.consumer_seq - deliveries;
    const mayBePurged = isLimits && state.first_seq === place + 1 && received > 0 && deliveredSince >= 0;
    this.#count(config, Math.max(mayBePurged ? Math.min(place, received + deliveredSince) : place, countFrom));
    this.fewer(this.#removedBefore);
    this.#begins(config, state.first_seq);
  }

  /** True for a message whose sequence another one had when it came: it was stored after all that came. */
  isOtherMessage({ sequence, timestampMs }: Coordinates): boolean {
    const kept = this.#kept;
    return kept !== undefined && sequence <= kept.received && timestampMs > kept.newestMs;
  }

  /** `isOtherMessage` was true. The caller reads on `behindNewest`. */
  setBack(sequence: number): void {
    const found = `message ${sequence} of stream ${this.#stream} is another one than before`;
    if (this.#kept !== undefined) this.#setBack(this.#kept, found);
  }

  /** A message came. */
  received({ sequence, deliverySequence, timestampMs: storedMs }: Coordinates): void {
    this.#removed.came(sequence);
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#kept = {
      ...kept,
      received: Math.max(kept.received, sequence),
      deliveries: deliverySequence,
      newestMs: Math.max(kept.newestMs, storedMs),
    };
    this.#isSaved = false;
  }

  /** Fewer messages wait than did, and so many of them did not come. */
  fewer(count: number): void {
    if (count === 0 || this.#config === undefined || isMeant(this.#config)) return;
    // Another session would count them again.
    this.#forgetWaiting();
    this.#removed.said(count);
    this.#reportLoss('MESSAGES_REMOVED', `at least ${count} messages of stream ${this.#stream} were ${REMOVED}`, count);
  }

  #setBack(kept: KeptStream, found: string): void {
    this.#removed.countFrom(undefined);
    this.#keep({ ...kept, name: `${this.#stream}@${Date.now().toString(36)}`, received: 0, waiting: undefined });
    const text = `${found}: it was restored from a backup, or its server lost messages; what was stored since is read, under other ids. How many messages were lost unread is not known`;
    this.#reportLoss('STREAM_ROLLED_BACK', text);
  }

  /** Reports settings of the stream that keep messages from coming. */
  #reportRemarks(stream: StreamInfo): void {
    for (const { code, text } of remarksOn(stream, this.#filters)) {
      this.#context.report({ kind: 'notice', code, text });
    }
  }

  #begins(config: StreamConfig, first: number): void {
    if (!this.#isCounted(config)) this.#removed.countFrom(undefined);
    this.#removed.beginsAt(first);
  }

  #count(config: StreamConfig, at: number): void {
    this.#removed.countFrom(this.#isCounted(config) ? at : undefined);
  }

  #countsWaiting(config: StreamConfig): boolean {
    return !isMeant(config) && !(isByLimits(config) && this.#isCounted(config));
  }

  /** The stream begins behind messages of which it was never known whether they waited for the route: most of them may be for others. */
  #passedOver({ config, state }: StreamInfo, seen: number): void {
    const most = state.first_seq - 1 - seen;
    if (most <= 0 || !isByLimits(config) || this.#isCounted(config)) return;
    const text = `${most} messages of stream ${this.#stream} (sequences ${seen + 1} to ${state.first_seq - 1}) were ${REMOVED}; how many of them have a subject that the route reads is not known`;
    this.#context.report({ kind: 'notice', code: 'MESSAGES_PASSED', text });
  }

  /** Whether a sequence that does not come is a message that the route should have had. */
  #isCounted(config: StreamConfig): boolean {
    const { mirror, sources, subjects } = config;
    // A mirror has the sequences of its origin, and holes where it leaves messages out.
    if (isMeant(config) || mirror !== undefined) return false;
    if (this.#filters.length === 0) return true;
    const isAll = (subject: string): boolean => this.#filters.some((filter) => includes(filter, subject));
    return (sources ?? []).length === 0 && (subjects ?? []).every(isAll);
  }

  #reportMissing({ count, from, to }: Removed): void {
    const text = `${count} messages of stream ${this.#stream} (sequences ${from} to ${to}) were ${REMOVED}`;
    this.#reportLoss('MESSAGES_REMOVED', text, count);
  }

  #reportLoss(code: LossCode, text: string, messages?: number): void {
    this.#context.report({ kind: 'loss', code, text, ...(messages !== undefined && { messages }) });
  }

  #forgetWaiting(): void {
    if (this.#kept?.waiting !== undefined) this.#keep({ ...this.#kept, waiting: undefined });
  }

  #keep(kept: KeptStream): void {
    this.#kept = kept;
    this.#isSaved = false;
    this.#save();
  }

  #save(): void {
    if (this.#isSaved || this.#kept === undefined) return;
    this.#isSaved = true;
    try {
      writeKept(this.#context.checkpoint, this.#kept);
    } catch (thrown) {
      // The next change writes it again; until then a restart notices less.
      this.#context.report({ kind: 'problem', error: asSluiceError(thrown, 'STATE_UNUSABLE') });
    }
  }
}

/** Else the stream deletes acknowledged messages, which proves nothing. */
function isByLimits({ retention }: StreamConfig): boolean {
  return retention === 'limits';
}

/** Whether the stream itself replaces and ends messages: its publishers want that. */
function isMeant({
  max_msgs_per_subject: perSubject,
  allow_msg_ttl: ends,
  allow_rollup_hdrs: rolls,
}: StreamConfig): boolean {
  return (perSubject ?? 0) > 0 || ends === true || rolls;
}
