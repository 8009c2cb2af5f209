import { isDeepStrictEqual } from 'node:util';
import type { LossCode } from '#contract/event-codes.ts';
import type { BusContext } from '#contract/bus.ts';
import { asSluiceError } from '#contract/errors.ts';
import type { ConsumerInfo, JetStreamManager, StreamConfig, StreamInfo } from '../client/library.ts';
import type { Coordinates } from './ack-reply.ts';
import type { EnsuredConsumer } from './consumer.ts';
import { type Removed, RemovedMessages } from './removed-messages.ts';
import { readKept, type KeptStream, writeKept } from './stream-checkpoint.ts';
import { streamNotices } from './stream.ts';
import { includes } from '../subject.ts';
import { removedSince, waitingAt } from './pending-count.ts';

/** The interval at which a changed position is saved. */
const SAVE_MS = 30_000;

/** The result of a comparison of the stream with its earlier state. */
export type Finding =
  /** The stream that was read before, or the first one. */
  | 'same'
  /** A new stream of that name: it is read from its beginning. */
  | 'other'
  /** The stream was restored from a backup, or lost its end: messages stored `behindNewest` are to be read. */
  | 'set back';

const REMOVED = 'removed before the route had read them: purged, deleted, or cut off by a limit of the stream';

/**
 * Distinguishes a stream from another one of its name and from its own earlier state: by its creation time, its end, the
 * storage times of its messages and the missing sequences. A checkpoint passes this on to the next process.
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

  /** The prefix of the id of each message. */
  get name(): string {
    return this.#kept?.name ?? this.#stream;
  }

  /** The time from which messages are new, when the stream was rolled back; undefined when no earlier message is known. */
  get behindNewest(): string | undefined {
    const { newestMs = 0 } = this.#kept ?? {};
    return newestMs === 0 ? undefined : new Date(newestMs + 1).toISOString();
  }

  close(): void {
    clearInterval(this.#saving);
    this.#removed.flush();
    this.#save();
  }

  /** Compares the stream with the saved state. `received`: the last sequence that this process received; undefined before its first session. */
  compare(stream: StreamInfo, received: number | undefined): Finding {
    const { created, state, config } = stream;
    this.#reportNotices(stream);
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

  /** Saves the pending count, from which a later session counts on. `stream` was requested after `consumer`. */
  looked(consumer: ConsumerInfo, stream: StreamInfo): void {
    this.#reportNotices(stream);
    if (this.#kept === undefined || !this.#countsWaiting(stream.config)) return;
    const waiting = waitingAt(consumer, stream);
    if (isDeepStrictEqual(waiting, this.#kept.waiting)) return;
    this.#kept = { ...this.#kept, waiting };
    this.#isSaved = false;
  }

  /** Whether the pending count is of use. */
  get countsWaiting(): boolean {
    return this.#config !== undefined && this.#countsWaiting(this.#config);
  }

  /** Counts as a loss the messages that were pending at the last check of an earlier session and were removed since. */
  async countRemoved(manager: JetStreamManager, stream: StreamInfo, found: EnsuredConsumer): Promise<void> {
    const { waiting, received = 0 } = this.#kept ?? {};
    if (waiting === undefined) return;
    const isCounted = this.#isCounted(stream.config);
    // While this process reads the whole stream, missing sequences show the removed messages.
    if (!found.hadOtherFilters && !(this.#isBegun && isCounted)) {
      const removed = await removedSince(waiting, manager, stream, found.info, isCounted);
      this.#passedOver(stream, Math.max(waiting.storedUpTo, received));
      if (this.#isBegun) this.fewer(removed);
      else this.#removedBefore = removed;
    }
    this.#forgetWaiting();
  }

  /** The first session of this process begins, with a new durable (`isNew`) or an earlier one. */
  begin({ config, state }: StreamInfo, consumer: ConsumerInfo, isNew: boolean): void {
    this.#isBegun = true;
    const { ack_floor: floor, delivered, name } = consumer;
    const { received = 0, deliveries = 0, countFrom = 0 } = this.#kept ?? {};
    if (isNew) {
      if (this.#kept !== undefined) this.#keep({ ...this.#kept, countFrom: state.last_seq });
      // Sequences above `received` belonged to an earlier durable; this one begins at `start`.
      const passed = received === 0 ? 0 : floor.stream_seq - received;
      if (passed > 0) {
        const text = `consumer ${name} of stream ${this.#stream} was deleted while the route was stopped; start passes over up to ${passed} messages`;
        this.#reportLoss('POSITION_LOST', text, this.#isCounted(config) ? passed : undefined);
      }
      return this.#count(config, state.last_seq);
    }
    // With another retention acknowledged messages are deleted, and may lie above the floor.
    const isLimits = isByLimits(config);
    const place = isLimits ? floor.stream_seq : delivered.stream_seq;
    // A purge moves the floor to the new beginning of the stream. The earlier process received no more than the saved position
    // and the deliveries since: a floor beyond that lies above messages that were purged unread.
    const deliveredSince = delivered.consumer_seq - deliveries;
    const mayBePurged = isLimits && state.first_seq === place + 1 && received > 0 && deliveredSince >= 0;
    this.#count(config, Math.max(mayBePurged ? Math.min(place, received + deliveredSince) : place, countFrom));
    this.fewer(this.#removedBefore);
    this.#begins(config, state.first_seq);
  }

  /** True when another message had this sequence before: this one was stored after all received ones. */
  isOtherMessage({ sequence, timestampMs }: Coordinates): boolean {
    const kept = this.#kept;
    return kept !== undefined && sequence <= kept.received && timestampMs > kept.newestMs;
  }

  /** To be called when `isOtherMessage` was true. The caller reads on `behindNewest`. */
  setBack(sequence: number): void {
    const found = `message ${sequence} of stream ${this.#stream} is another one than before`;
    if (this.#kept !== undefined) this.#setBack(this.#kept, found);
  }

  /** A message was received. */
  received({ sequence, deliverySequence, timestampMs: storedMs }: Coordinates): void {
    this.#removed.received(sequence);
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

  /** So many pending messages are pending no more and were not received. */
  fewer(count: number): void {
    if (count === 0 || this.#config === undefined || removesByDesign(this.#config)) return;
    // Otherwise the next session would count them again.
    this.#forgetWaiting();
    this.#removed.reported(count);
    this.#reportLoss('MESSAGES_REMOVED', `at least ${count} messages of stream ${this.#stream} were ${REMOVED}`, count);
  }

  #setBack(kept: KeptStream, found: string): void {
    this.#removed.countFrom(undefined);
    this.#keep({ ...kept, name: `${this.#stream}@${Date.now().toString(36)}`, received: 0, waiting: undefined });
    const text = `${found}: it was restored from a backup, or its server lost messages; what was stored since is read, under other ids. How many messages were lost unread is not known`;
    this.#reportLoss('STREAM_ROLLED_BACK', text);
  }

  /** Reports settings of the stream that keep messages from the route. */
  #reportNotices(stream: StreamInfo): void {
    for (const { code, text } of streamNotices(stream, this.#filters)) {
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
    return !removesByDesign(config) && !(isByLimits(config) && this.#isCounted(config));
  }

  /** Reports that the stream begins behind messages that may or may not have been for the route. */
  #passedOver({ config, state }: StreamInfo, seen: number): void {
    const most = state.first_seq - 1 - seen;
    if (most <= 0 || !isByLimits(config) || this.#isCounted(config)) return;
    const text = `${most} messages of stream ${this.#stream} (sequences ${seen + 1} to ${state.first_seq - 1}) were ${REMOVED}; how many of them have a subject that the route reads is not known`;
    this.#context.report({ kind: 'notice', code: 'MESSAGES_PASSED', text });
  }

  /** Whether a missing sequence is a message that the route should have received. */
  #isCounted(config: StreamConfig): boolean {
    const { mirror, sources, subjects } = config;
    // A mirror has the sequences of its origin, with gaps for messages that it leaves out.
    if (removesByDesign(config) || mirror !== undefined) return false;
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
      // The next change saves again; until then a restart detects less.
      this.#context.report({ kind: 'problem', error: asSluiceError(thrown, 'STATE_UNUSABLE') });
    }
  }
}

/** A stream of another retention deletes acknowledged messages: a missing one proves nothing. */
function isByLimits({ retention }: StreamConfig): boolean {
  return retention === 'limits';
}

/** Whether the stream replaces or expires messages on its publishers' request: missing ones are no loss. */
function removesByDesign({
  max_msgs_per_subject: perSubject,
  allow_msg_ttl: ends,
  allow_rollup_hdrs: rolls,
}: StreamConfig): boolean {
  return (perSubject ?? 0) > 0 || ends === true || rolls;
}
