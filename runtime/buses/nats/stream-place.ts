import type { ConsumerInfo, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { BusContext } from '#contract/bus.ts';
import { asSluiceError } from '#contract/errors.ts';
import type { Coordinates } from './ack-reply.ts';
import { type Removed, RemovedMessages } from './removed-messages.ts';
import { readKept, type KeptStream, writeKept } from './stream-memo.ts';
import { remarksOn } from './stream.ts';
import { includes } from './subject.ts';

/** How often the place is written down while it moves. */
const SAVE_MS = 30_000;

/** What a look at the stream has shown. */
export type Finding =
  /** The one that was read before, or the first. */
  | 'same'
  /** Another one under its name: it is read from its beginning. */
  | 'other'
  /** Restored from a backup, or it lost its end: what was stored `behindNewest` is to be read. */
  | 'set back';

const REMOVED = 'removed before the route had read them: purged, deleted, or cut off by a limit of the stream';

/**
 * Knows a stream from another one under its name, and from what it was before: by when it was made, where it ends, when its
 * messages were stored, and which sequences are missing. What is written down of it tells the next process.
 */
export class StreamPlace {
  readonly #context: BusContext;
  readonly #stream: string;
  readonly #filters: readonly string[];
  readonly #removed: RemovedMessages;
  #kept: KeptStream | undefined;
  #config: StreamConfig | undefined;
  #isRead = false;
  #isSaved = true;
  readonly #saving: NodeJS.Timeout;

  constructor(context: BusContext, stream: string, filters: readonly string[]) {
    this.#context = context;
    this.#stream = stream;
    this.#filters = filters;
    this.#removed = new RemovedMessages((removed) => this.#sayMissing(removed));
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

  /** Says what of the stream keeps messages from coming. */
  remark(stream: StreamInfo): void {
    for (const { code, text } of remarksOn(stream, this.#filters)) {
      this.#context.report({ kind: 'notice', code, text });
    }
  }

  /** A look at the stream. `received`: the last sequence that came to this process; undefined before its first session. */
  meet(stream: StreamInfo, received: number | undefined): Finding {
    const { created, state, config } = stream;
    this.remark(stream);
    this.#config = config;
    if (!this.#isRead) {
      this.#kept = readKept(this.#context.memo, this.#stream);
      this.#isRead = true;
    }
    const kept = this.#kept;
    const name = `${this.#stream}@${Date.parse(created).toString(36)}`;
    const fresh = { stream: this.#stream, created, name, received: 0, deliveries: 0, newestMs: 0, countFrom: 0 };
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
    this.#lose('STREAM_RECREATED', text);
    if (received !== undefined) this.#count(config, 0);
    return 'other';
  }

  /** The first session of this process begins, with a durable that is `isNew` or goes on. */
  begin({ config, state }: StreamInfo, consumer: ConsumerInfo, isNew: boolean): void {
    const { ack_floor: floor, delivered, name } = consumer;
    const { received = 0, deliveries = 0, countFrom = 0 } = this.#kept ?? {};
    if (isNew) {
      if (this.#kept !== undefined) this.#keep({ ...this.#kept, countFrom: state.last_seq });
      // What lies above that belongs to an earlier durable, and this one begins where `start` says.
      const passed = received === 0 ? 0 : floor.stream_seq - received;
      if (passed > 0) {
        const text = `consumer ${name} of stream ${this.#stream} was deleted while the route was stopped; start passes over up to ${passed} messages`;
        this.#lose('POSITION_LOST', text, this.#isCounted(config) ? passed : undefined);
      }
      return this.#count(config, state.last_seq);
    }
    // Of other retentions what was acknowledged is gone, and may lie above the floor.
    const isLimits = config.retention === 'limits';
    const passed = isLimits ? floor.stream_seq : delivered.stream_seq;
    // A purge takes the floor along. What was delivered since, to a process whose last words were not written down, is not lost.
    const since = delivered.consumer_seq - deliveries;
    const mayBePurged = isLimits && state.first_seq === passed + 1 && received > 0 && since >= 0;
    this.#count(config, Math.max(mayBePurged ? Math.min(passed, received + since) : passed, countFrom));
    this.#begins(config, state.first_seq);
  }

  /** True for a message whose sequence another one had when it came: it was stored after all that came. */
  isAnother({ sequence, timestampMs }: Coordinates): boolean {
    const kept = this.#kept;
    return kept !== undefined && sequence <= kept.received && timestampMs > kept.newestMs;
  }

  /** What `isAnother` has found. The caller reads on `behindNewest`. */
  setBack(sequence: number): void {
    const found = `message ${sequence} of stream ${this.#stream} is another one than before`;
    if (this.#kept !== undefined) this.#setBack(this.#kept, found);
  }

  /** A message came. */
  came({ sequence, deliverySequence, timestampMs: storedMs }: Coordinates): void {
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
    if (this.#config === undefined || isMeant(this.#config)) return;
    this.#removed.said(count);
    this.#lose('MESSAGES_REMOVED', `at least ${count} messages of stream ${this.#stream} were ${REMOVED}`, count);
  }

  #setBack(kept: KeptStream, found: string): void {
    this.#removed.countFrom(undefined);
    this.#keep({ ...kept, name: `${this.#stream}@${Date.now().toString(36)}`, received: 0 });
    const text = `${found}: it was restored from a backup, or its server lost messages; what was stored since is read, under other ids. How many messages were lost unread is not known`;
    this.#lose('STREAM_ROLLED_BACK', text);
  }

  #begins(config: StreamConfig, first: number): void {
    if (!this.#isCounted(config)) this.#removed.countFrom(undefined);
    this.#removed.beginsAt(first);
  }

  #count(config: StreamConfig, at: number): void {
    this.#removed.countFrom(this.#isCounted(config) ? at : undefined);
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

  #sayMissing({ count, from, to }: Removed): void {
    const text = `${count} messages of stream ${this.#stream} (sequences ${from} to ${to}) were ${REMOVED}`;
    this.#lose('MESSAGES_REMOVED', text, count);
  }

  #lose(code: string, text: string, messages?: number): void {
    this.#context.report({ kind: 'loss', code, text, ...(messages !== undefined && { messages }) });
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
      writeKept(this.#context.memo, this.#kept);
    } catch (thrown) {
      // The next change writes it again; until then a restart notices less.
      this.#context.report({ kind: 'problem', error: asSluiceError(thrown, 'STATE_UNUSABLE') });
    }
  }
}

/** Where the stream itself replaces and ends messages, that is what its publishers wanted. */
function isMeant({
  max_msgs_per_subject: perSubject,
  allow_msg_ttl: ends,
  allow_rollup_hdrs: rolls,
}: StreamConfig): boolean {
  return (perSubject ?? 0) > 0 || ends === true || rolls;
}
