import { ACCEPT, type Delivery, type Outcome } from '#contract/delivery.ts';
import { messageOf } from '#contract/errors.ts';
import type { Demand, Source } from '#contract/source.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { Signal } from '#kit/signal.ts';
import { keptOf } from './stored-message.ts';
import type { Arrival, Lent, SpoolStore } from './spool-store.ts';

/** By what a newer message replaces this one. */
export type Identity = Pick<Arrival, 'lane' | 'rank'>;

/** Why the source is not read, in words. */
export interface Pause {
  readonly kind: 'full' | 'unwritable';
  readonly text: string;
}

export interface SpoolSettings {
  /** What may be unsettled at the real source. */
  readonly window: Demand;
  readonly identify: (delivery: Delivery) => Identity;
  readonly nowMs: () => number;
  /** Runs once after `ms`; the function returned cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** The source is no longer read; undefined: it is read again. */
  readonly onPause: (pause: Pause | undefined) => void;
}

/** What lies in a spool at this moment. */
export interface SpoolNumbers {
  readonly messages: number;
  /** Not handed on to the pump, so that its own counters know nothing of them. */
  readonly waiting: number;
  /** Replaced before they were handed on. */
  readonly superseded: number;
  readonly bytes: number;
  readonly oldestAtMs: number | undefined;
  readonly isFull: boolean;
}

/** A commit takes so much at most, and what comes within the time shares one: it waits for the disk, and the process with it. */
const GROUP = { messages: 256, bytes: 4 * 1024 ** 2, ms: 5 };
/** A slow disk may hold the process for half of its time, and no longer than this at once between two groups. */
const MAX_GROUP_MS = 100;
/** Before a store that could not be written is tried again. */
const RETRY_MS = 1000;
/** Rows that have ended and are not deleted, while the store cannot be written. */
const MAX_ENDED = 65_536;

/** Of them in one transaction, on a disk that has no room for a large one. */
const MAX_LEAVING = 1024;

/** Lanes that are told apart; beyond it the newest of a lane may give way to one that came again, until the next of its key. */
const MAX_REOPENED = 65_536;

/** One message on its way into the store. */
interface Incoming extends Arrival {
  readonly delivery: Delivery;
}

/**
 * A source in front of which a store stands: what the real source delivers is committed and then settled there, and
 * read from the store by the pump. What cannot have room in the store waits until all before it was settled, and passes by.
 */
export class SpoolSource implements Source {
  readonly #source: Source;
  readonly #store: SpoolStore;
  readonly #settings: SpoolSettings;
  readonly #arrived = new Signal();
  readonly #roomy = new Signal();
  readonly #closing = new AbortController();
  #incoming: Incoming[] = [];
  #incomingBytes = 0;
  #ended: number[] = [];
  #superseded = 0;
  #pause: Pause | undefined;
  /** Lanes in which something came again, and below which commit what comes again behind it must be taken in. */
  readonly #reopened = new Map<string, number>();
  #passing: Delivery | undefined;
  #cancelTimer: (() => void) | undefined;
  #commitMs = 0;
  /** Smaller after a failure: on a disk that is nearly full a few may have room where many have none. */
  #groupMessages = GROUP.messages;
  #intake: Promise<void> | undefined;
  #failure: { readonly thrown: unknown } | undefined;
  #isClosed = false;

  constructor(source: Source, store: SpoolStore, settings: SpoolSettings) {
    this.#source = source;
    this.#store = store;
    this.#settings = settings;
  }

  async read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    // Invariant 7: who stops reading here stops the reading at the real source with it.
    this.#intake ??= this.#takeIn(AbortSignal.any([signal, this.#closing.signal]));
    while (!signal.aborted) {
      const passing = this.#nextPassing();
      if (passing !== undefined) return [passing];
      const rows = this.#ended.length < MAX_ENDED ? this.#store.next(room) : [];
      if (rows.length > 0) return rows.map((row) => this.#lend(row));
      if (this.#failure !== undefined && this.#incoming.length === 0) throw this.#failure.thrown;
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

  /** Commits what has come and what has ended, settles it, and lets the file go. The real source is closed by who opened it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#intake;
    this.#commit();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#store.close();
  }

  /** Reads the real source, no more of it than one group may hold, as long as there is room. */
  async #takeIn(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const room = this.#room();
        if (this.#pause !== undefined) await this.#roomy.wait(signal);
        else if (room === undefined) {
          this.#commit();
          // Timers and sockets have their turn.
          await new Promise(setImmediate);
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
    const messages = Math.min(window.messages, GROUP.messages) - this.#incoming.length;
    const bytes = Math.min(window.bytes, GROUP.bytes) - this.#incomingBytes;
    return messages > 0 && bytes > 0 ? { messages, bytes } : undefined;
  }

  #enter(delivery: Delivery): void {
    const identity = this.#settings.identify(delivery);
    if (delivery.attempt !== 1 && this.#isCommitted(delivery, identity)) {
      delivery.settle(ACCEPT);
      return;
    }
    // New: whatever came again in its lane has come.
    if (delivery.attempt === 1 && identity.lane !== undefined) this.#reopened.delete(identity.lane);
    const kept = keptOf(delivery, this.#settings.nowMs());
    this.#incoming.push({ ...identity, kept, delivery });
    this.#incomingBytes += delivery.frame.body?.length ?? 0;
  }

  /**
   * Committed before, and the bus did not hear of it. Where newer messages replace older ones, one that came again from
   * before what is remembered has taken the place of those behind it, which were committed before it did: then they must be
   * taken in again too. What comes again once more, with the next connection, was committed after it.
   */
  #isCommitted({ id }: Delivery, { lane }: Identity): boolean {
    const commit = this.#store.commitOf(id);
    if (lane === undefined) return commit !== undefined;
    const reopened = this.#reopened.get(lane);
    const mayNote = reopened !== undefined || this.#reopened.size < MAX_REOPENED;
    if (commit === undefined) {
      if (mayNote) this.#reopened.set(lane, reopened ?? this.#store.nextCommit);
      return false;
    }
    if (reopened !== undefined && commit < reopened) return false;
    // What is older than this one came before it: nothing unknown that follows in this lane is.
    if (mayNote) this.#reopened.set(lane, Number.NEGATIVE_INFINITY);
    return true;
  }

  #lend({ number, kept, isSuspect }: Lent): Delivery {
    const { id, frame, attempt, lane, arrivedAtMs } = kept;
    return {
      id,
      frame,
      // Invariant 2: settled once at the real source, with the commit; from here on the row is what is settled.
      attempt: isSuspect ? undefined : attempt,
      arrivedAtMs,
      ...(lane !== undefined && { lane }),
      settle: ({ kind }) => {
        // Given back: it stays where it is, and the next start finds it.
        if (kind === 'release' || this.#isClosed) return;
        this.#ended.push(number);
        if (this.#ended.length === GROUP.messages) this.#commit();
        else this.#commitSoon();
      },
    };
  }

  #commitSoon(): void {
    if (this.#incoming.length === 0 && this.#ended.length === 0) return;
    this.#cancelTimer ??= this.#commitAfter(Math.min(MAX_GROUP_MS, Math.max(GROUP.ms, this.#commitMs)));
  }

  #commitAfter(ms: number): () => void {
    return this.#settings.after(ms, () => this.#commit());
  }

  #commit(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const incoming = this.#offered();
    const ended = this.#ended;
    if (incoming.length === 0 && ended.length === 0) return;
    const startedMs = this.#settings.nowMs();
    try {
      const { left, superseded } = this.#store.commit(incoming, ended);
      this.#ended = [];
      this.#superseded += superseded;
      this.#keep([...left, ...this.#incoming.slice(incoming.length)]);
      // Invariant 1: on the disk, or replaced by what is.
      const behind = new Set<Incoming>(left);
      for (const one of incoming) {
        if (behind.has(one)) continue;
        one.delivery.settle(ACCEPT);
      }
      if (this.#passing === undefined) this.#setPause(left.length > 0 ? 'full' : undefined);
      this.#groupMessages = Math.min(GROUP.messages, this.#groupMessages * 2);
    } catch (thrown) {
      const hasLeft = this.#commitEnded();
      // On a disk that is full a few may have room where many have none; nothing else is mended by fewer.
      const isHopeless = incoming.length <= 1 || codeOf(thrown) !== CODES.full;
      this.#groupMessages = isHopeless ? 1 : Math.floor(incoming.length / 2);
      if (isHopeless && (incoming.length > 0 || !hasLeft)) this.#setPause('unwritable', messageOf(thrown));
      this.#cancelTimer = this.#commitAfter(isHopeless && !hasLeft ? RETRY_MS : GROUP.ms);
    }
    this.#commitMs = this.#settings.nowMs() - startedMs;
    this.#arrived.now();
    if (this.#pause === undefined) this.#commitSoon();
  }

  /** What is not taken in must not keep what has ended from leaving: that is what makes room. True where something left. */
  #commitEnded(): boolean {
    const leaving = this.#ended.slice(0, MAX_LEAVING);
    if (leaving.length === 0) return false;
    try {
      this.#store.commit([], leaving);
      this.#ended = this.#ended.slice(leaving.length);
      return true;
    } catch {
      // The failure that led here is the one that was told.
      return false;
    }
  }

  /** What of the incoming goes into the next transaction. */
  #offered(): readonly Incoming[] {
    if (this.#passing !== undefined) return [];
    return this.#incoming.slice(0, this.#groupMessages);
  }

  #keep(incoming: Incoming[]): void {
    this.#incoming = incoming;
    this.#incomingBytes = incoming.reduce((bytes, { kept }) => bytes + (kept.frame.body?.length ?? 0), 0);
  }

  /** What is larger than the store goes to the pump as it came, once nothing of the store is before it. */
  #nextPassing(): Delivery | undefined {
    const [first] = this.#incoming;
    if (this.#pause === undefined || this.#passing !== undefined || first === undefined) return undefined;
    if (this.#store.waiting > 0 || !this.#store.neverFits(first)) return undefined;
    const { delivery } = first;
    const { id, frame, attempt, lane } = delivery;
    this.#keep(this.#incoming.slice(1));
    this.#passing = delivery;
    const settle = (outcome: Outcome): void => {
      delivery.settle(outcome);
      if (outcome.kind === 'release') return;
      this.#passing = undefined;
      this.#setPause(undefined);
      this.#commitSoon();
    };
    return { id, frame, attempt, settle, ...(lane !== undefined && { lane }) };
  }

  #setPause(kind: Pause['kind'] | undefined, text = ''): void {
    if (kind === this.#pause?.kind) return;
    this.#pause = kind === undefined ? undefined : { kind, text };
    this.#settings.onPause(this.#pause);
    if (kind === undefined) this.#roomy.now();
  }
}
