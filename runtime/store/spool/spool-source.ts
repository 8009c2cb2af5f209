import { ACCEPT, type Delivery, type Outcome } from '#contract/delivery.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import type { Demand, Source } from '#contract/source.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { Signal } from '#kit/signal.ts';
import { storedMessageOf } from './stored-message.ts';
import { type Ending, Endings } from './endings.ts';
import { Redeliveries } from './redeliveries.ts';
import type { SpoolRow } from './row-reader.ts';
import type { SpoolArrival, SpoolStore } from './spool-store.ts';

/** A newer message of the same lane replaces this one, unless its rank is lower. */
export type CompactionKey = Pick<SpoolArrival, 'lane' | 'rank'>;

/** Why the source is not read. */
export interface Pause {
  readonly kind: 'full' | 'unwritable';
  readonly text: string;
}

export interface SpoolSettings {
  /** The bound of unsettled messages at the real source. */
  readonly window: Demand;
  readonly compactionKey: (delivery: Delivery) => CompactionKey;
  readonly nowMs: () => number;
  /** Runs once after `ms`; the function returned cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** The source is no longer read; undefined: it is read again. */
  readonly onPause: (pause: Pause | undefined) => void;
}

/** The content of a spool at this moment. */
export interface SpoolNumbers {
  readonly messages: number;
  /** Not read by the engine yet, and so not in its counters. */
  readonly waiting: number;
  /** Replaced before the engine read them. */
  readonly superseded: number;
  readonly bytes: number;
  readonly oldestAtMs: number | undefined;
  readonly isFull: boolean;
}

/** The most that one commit takes. Messages that arrive within the time share a commit, because it waits for the disk. */
const GROUP = { messages: 256, bytes: 4 * 1024 ** 2, ms: 5 };
/** Where the process waits for the disk: a slow one may block it for half of its time, and no longer than this between two groups. */
const MAX_GROUP_MS = 100;
/** The pause before a store that could not be written is tried again. */
const RETRY_MS = 1000;
/** The most rows that have ended and are not deleted, while the store cannot be written. */
const MAX_ENDED = 65_536;

/** The most of them in one transaction, on a disk that has no room for a large one. */
const MAX_DELETED = 1024;

/** One message on its way into the store. */
interface Incoming extends SpoolArrival {
  readonly delivery: Delivery;
}

/** What one transaction has changed, to be told once it is durable. */
interface Written {
  readonly stored: readonly Incoming[];
  readonly endings: readonly Ending[];
  /** Undefined where the pause is not known to be over. */
  readonly isFull: boolean | undefined;
}

/**
 * A source with a store behind it: messages of the real source are committed to the store and then settled at the source;
 * the engine reads them from the store. A message that is larger than the store waits until the store is empty, and then
 * bypasses it.
 */
export class SpoolSource implements Source {
  readonly #source: Source;
  readonly #store: SpoolStore;
  readonly #settings: SpoolSettings;
  readonly #arrived = new Signal();
  readonly #resumed = new Signal();
  readonly #closing = new AbortController();
  #incoming: Incoming[] = [];
  #incomingBytes = 0;
  /** In the store and not durable yet: the source has not heard accept. */
  #unsynced: readonly Incoming[] = [];
  #unsyncedBytes = 0;
  /** Resolves once the transaction at work is durable. */
  #syncing: Promise<void> | undefined;
  /** A commit was due while another one was at work. */
  #isDue = false;
  readonly #endings = new Endings();
  #superseded = 0;
  #pause: Pause | undefined;
  readonly #redeliveries: Redeliveries;
  #bypassing: Delivery | undefined;
  #cancelTimer: (() => void) | undefined;
  #commitMs = 0;
  /** Smaller after a failure: a disk that is nearly full may have room for a few messages and none for many. */
  #groupMessages = GROUP.messages;
  #intake: Promise<void> | undefined;
  #failure: { readonly thrown: unknown } | undefined;
  #isClosed = false;

  constructor(source: Source, store: SpoolStore, settings: SpoolSettings) {
    this.#source = source;
    this.#store = store;
    this.#redeliveries = new Redeliveries(store);
    this.#settings = settings;
  }

  async read(demand: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    // Invariant 7: the end of reading here ends the reading at the real source.
    this.#intake ??= this.#readSource(AbortSignal.any([signal, this.#closing.signal]));
    while (!signal.aborted) {
      const bypass = this.#nextBypass();
      if (bypass !== undefined) return [bypass];
      const rows = this.#endings.size < MAX_ENDED ? this.#store.next(demand) : [];
      if (rows.length > 0) return rows.map((row) => this.#delivery(row));
      if (this.#failure !== undefined && this.#incoming.length + this.#unsynced.length === 0)
        throw this.#failure.thrown;
      await this.#arrived.wait(signal);
    }
    return [];
  }

  numbers(): SpoolNumbers {
    const { messages, waiting, bytes } = this.#store;
    const oldestAtMs = this.#isClosed || messages === 0 ? undefined : this.#store.oldestAtMs();
    const isFull = this.#pause?.kind === 'full';
    return { messages, waiting, bytes, oldestAtMs, isFull, superseded: this.#superseded };
  }

  /**
   * Runs `write`, which stores a processed id, in the transaction that deletes the row of `delivery`, where that has one.
   * Resolves once it is durable: while the store cannot be written, it is tried again. Rejects with STATE_UNUSABLE after the end.
   */
  save(write: () => void, delivery?: Delivery): Promise<void> {
    if (this.#isClosed)
      return Promise.reject(new SluiceError('STATE_UNUSABLE', 'expected an open spool, found it closed'));
    const saved = this.#endings.save(write, delivery);
    this.#commitSoon();
    return saved;
  }

  /** Commits arrivals and ended rows, settles the arrivals, and closes the file. The caller closes the real source. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#intake;
    await this.#synced();
    this.#commit();
    await this.#synced();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#store.close();
  }

  /** Reads the real source while there is room, at most one group ahead of the commit. */
  async #readSource(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const room = this.#room();
        if (this.#pause !== undefined) await this.#resumed.wait(signal);
        else if (room === undefined) {
          this.#commit();
          // Gives timers and sockets a turn.
          await (this.#syncing ?? new Promise(setImmediate));
        } else {
          for (const delivery of await this.#source.read(room, signal)) this.#enter(delivery);
          this.#commitSoon();
        }
      }
    } catch (thrown) {
      this.#failure = { thrown };
      this.#arrived.now();
    }
  }

  #room(): Demand | undefined {
    const { window } = this.#settings;
    // Invariant 4: what is not durable is not settled either.
    const messages = Math.min(window.messages - this.#unsynced.length, GROUP.messages) - this.#incoming.length;
    const bytes = Math.min(window.bytes - this.#unsyncedBytes, GROUP.bytes) - this.#incomingBytes;
    return messages > 0 && bytes > 0 ? { messages, bytes } : undefined;
  }

  #enter(delivery: Delivery): void {
    const key = this.#settings.compactionKey(delivery);
    if (delivery.attempt !== 1 && this.#redeliveries.isCommitted(delivery.id, key.lane)) {
      delivery.settle(ACCEPT);
      return;
    }
    if (delivery.attempt === 1 && key.lane !== undefined) this.#redeliveries.end(key.lane);
    const message = storedMessageOf(delivery, this.#settings.nowMs());
    this.#incoming.push({ ...key, message, delivery });
    this.#incomingBytes += delivery.frame.body?.length ?? 0;
  }

  #delivery({ number, message, mayBeRepeat }: SpoolRow): Delivery {
    const { id, frame, attempt, lane, arrivedAtMs } = message;
    const delivery: Delivery = {
      id,
      frame,
      // Invariant 2: the real source is settled once, with the commit. This delivery settles the row.
      attempt: mayBeRepeat ? undefined : attempt,
      arrivedAtMs,
      ...(lane !== undefined && { lane }),
      settle: ({ kind }) => {
        // Released: the row stays, and the next start finds it.
        if (kind === 'release' || this.#isClosed) return;
        this.#endings.settled(delivery);
        if (this.#endings.size >= GROUP.messages) this.#commit();
        else this.#commitSoon();
      },
    };
    this.#endings.lent(delivery, number);
    return delivery;
  }

  #commitSoon(): void {
    if (this.#incoming.length === 0 && this.#endings.size === 0) return;
    this.#cancelTimer ??= this.#commitAfter(Math.min(MAX_GROUP_MS, Math.max(GROUP.ms, this.#commitMs)));
  }

  #commitAfter(ms: number): () => void {
    return this.#settings.after(ms, () => this.#commit());
  }

  #commit(): void {
    if (this.#syncing !== undefined) {
      this.#isDue = true;
      return;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const incoming = this.#offered();
    const endings = this.#endings.take(this.#closing.signal.aborted ? MAX_ENDED : MAX_DELETED);
    if (incoming.length === 0 && endings.length === 0) return;
    const startedMs = this.#settings.nowMs();
    try {
      const { left, superseded } = this.#store.commit(incoming, ...partsOf(endings));
      this.#superseded += superseded;
      this.#keep([...left, ...this.#incoming.slice(incoming.length)]);
      const behind = new Set<Incoming>(left);
      const stored = incoming.filter((one) => !behind.has(one));
      this.#finish({ stored, endings, isFull: left.length > 0 });
      this.#groupMessages = Math.min(GROUP.messages, this.#groupMessages * 2);
    } catch (thrown) {
      this.#endings.giveBack(endings);
      const hasDeleted = this.#commitEnded();
      // A smaller group helps only on a full disk, which may have room for a few messages.
      const isHopeless = incoming.length <= 1 || codeOf(thrown) !== CODES.full;
      this.#groupMessages = isHopeless ? 1 : Math.floor(incoming.length / 2);
      if (isHopeless && (incoming.length > 0 || !hasDeleted)) this.#setPause('unwritable', messageOf(thrown));
      this.#cancelTimer = this.#commitAfter(isHopeless && !hasDeleted ? RETRY_MS : GROUP.ms);
    }
    this.#commitMs = this.#settings.nowMs() - startedMs;
    this.#arrived.now();
    if (this.#pause === undefined) this.#commitSoon();
  }

  /** Deletes ended rows although no arrival can be stored: deletion makes room. True where rows were deleted. */
  #commitEnded(): boolean {
    const endings = this.#endings.take(MAX_DELETED);
    if (endings.length === 0) return false;
    try {
      this.#store.commit([], ...partsOf(endings));
    } catch {
      // The failure that led here is the one to report.
      this.#endings.giveBack(endings);
      return false;
    }
    this.#finish({ stored: [], endings, isFull: undefined });
    return true;
  }

  /** A transaction is written: tells its ends once it is durable, which it may be now. */
  #finish(written: Written): void {
    const durable = this.#store.durable();
    if (durable === undefined) {
      this.#tell(written);
      return;
    }
    this.#unsynced = written.stored;
    this.#unsyncedBytes = bytesOf(written.stored);
    this.#syncing = this.#tellWhenDurable(durable, written);
  }

  /** Resolves once no transaction is at work. */
  async #synced(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
  }

  async #tellWhenDurable(first: Promise<void>, written: Written): Promise<void> {
    let durable: Promise<void> | undefined = first;
    let isDurable = false;
    let hasFailed = false;
    while (!isDurable) {
      try {
        await durable;
        isDurable = true;
      } catch (thrown) {
        // What is not durable at the end is not settled either: the source delivers it again.
        if (this.#closing.signal.aborted) break;
        hasFailed = true;
        this.#setPause('unwritable', messageOf(thrown));
        await new Promise<void>((resolve) => this.#settings.after(RETRY_MS, resolve));
        durable = this.#store.durable();
      }
    }
    this.#unsynced = [];
    this.#unsyncedBytes = 0;
    if (isDurable) {
      if (hasFailed && this.#bypassing === undefined) this.#setPause(undefined);
      this.#tell(written);
      this.#arrived.now();
      await this.#store.checkpoint();
    }
    this.#syncing = undefined;
    const isDue = this.#isDue;
    this.#isDue = false;
    if (isDue) this.#commit();
    else if (this.#pause === undefined) this.#commitSoon();
  }

  #tell({ stored, endings, isFull }: Written): void {
    // Invariant 1: the message is on the disk, or a message on the disk has replaced it.
    for (const { delivery } of stored) delivery.settle(ACCEPT);
    for (const { done } of endings) for (const resolve of done) resolve();
    if (isFull !== undefined && this.#bypassing === undefined) this.#setPause(isFull ? 'full' : undefined);
  }

  /** The arrivals of the next transaction. */
  #offered(): readonly Incoming[] {
    if (this.#bypassing !== undefined) return [];
    return this.#incoming.slice(0, this.#groupMessages);
  }

  #keep(incoming: Incoming[]): void {
    this.#incoming = incoming;
    this.#incomingBytes = bytesOf(incoming);
  }

  /** A message that is larger than the store goes to the engine as it came, once no row of the store is before it. */
  #nextBypass(): Delivery | undefined {
    const [first] = this.#incoming;
    if (this.#pause === undefined || this.#bypassing !== undefined || first === undefined) return undefined;
    if (this.#store.waiting > 0 || !this.#store.neverFits(first)) return undefined;
    const { delivery } = first;
    const { id, frame, attempt, lane } = delivery;
    this.#keep(this.#incoming.slice(1));
    this.#bypassing = delivery;
    const settle = (outcome: Outcome): void => {
      delivery.settle(outcome);
      if (outcome.kind === 'release') return;
      this.#bypassing = undefined;
      this.#setPause(undefined);
      this.#commitSoon();
    };
    return { id, frame, attempt, settle, ...(lane !== undefined && { lane }) };
  }

  #setPause(kind: Pause['kind'] | undefined, text = ''): void {
    if (kind === this.#pause?.kind) return;
    this.#pause = kind === undefined ? undefined : { kind, text };
    this.#settings.onPause(this.#pause);
    if (kind === undefined) this.#resumed.now();
  }
}

/** The rows that a transaction deletes, and what it writes with that. */
function partsOf(endings: readonly Ending[]): [ended: readonly number[], writes: readonly (() => void)[]] {
  return [endings.flatMap(({ number }) => number ?? []), endings.flatMap(({ writes }) => writes)];
}

function bytesOf(arrivals: readonly SpoolArrival[]): number {
  return arrivals.reduce((bytes, { message }) => bytes + (message.frame.body?.length ?? 0), 0);
}
