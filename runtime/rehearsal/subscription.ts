import { type Delivery, type Outcome } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { Demand } from '#contract/source.ts';
import { contentId } from '#kit/content-id.ts';
import type { Activity } from './activity.ts';
import { type Life, type Probe } from './steps.ts';

/** A frame that a bus holds for a route. */
export interface HeldFrame {
  readonly sequence: number;
  readonly id: string;
  readonly frame: Frame;
  /** How often it was lent. */
  lent: number;
  isSettled: boolean;
}

export interface SubscriptionSettings {
  readonly route: string;
  readonly connection: string;
  /** An unsettled frame comes again. Otherwise it is gone once it is lent, or while nobody reads. */
  readonly redelivers: boolean;
  /** Whether the bus can tell a first delivery from another one. */
  readonly tellsAttempts: boolean;
  readonly namedByPublisher: boolean;
  /** Whether every message is remembered, for the checker of promises. */
  readonly keepsPublished: boolean;
  /** Whether a frame that expires before it is read is dropped. */
  readonly expiresUnread: boolean;
  readonly nowMs: () => number;
  readonly activity: Activity;
  /** Deliveries that are wrong on purpose, to test the checker of promises. */
  readonly flaw?: SourceFlaw | undefined;
}

/** `forgets`: what was lent counts as settled. `reverses`: what comes again comes in the reverse order. */
export type SourceFlaw = 'forgets' | 'reverses';

/**
 * What a bus holds for a route, as a durable consumer that outlives the processes that read it: in order, and from the first unsettled frame
 * on again after a connection is lost, those behind it that are settled too. No bus promises more of acknowledgements.
 */
export class Subscription {
  readonly settings: SubscriptionSettings;
  /** Every message by its id, where `keepsPublished`. */
  readonly published = new Map<string, HeldFrame>();
  /** In order; those before `#first` are settled and forgotten. */
  readonly #held: HeldFrame[] = [];
  #first = 0;
  #next = 0;
  #sequence = 0;
  #epoch = 0;
  #isRead = false;
  #isCut = false;
  #arrived: (() => void) | undefined;

  constructor(settings: SubscriptionSettings) {
    this.settings = settings;
  }

  /** Frames that are not settled. */
  get unsettled(): number {
    let count = 0;
    for (let at = this.#first; at < this.#held.length; at += 1) if (this.#held[at]?.isSettled === false) count += 1;
    return count;
  }

  get isEmpty(): boolean {
    return this.#first >= this.#held.length;
  }

  /** Undefined where the bus drops the frame, because nobody reads and it keeps none. */
  offer(frame: Frame): HeldFrame | undefined {
    const { connection, redelivers, namedByPublisher, keepsPublished, activity } = this.settings;
    activity.happened();
    if (!redelivers && (!this.#isRead || this.#isCut)) return undefined;
    this.#sequence += 1;
    const id =
      namedByPublisher && frame.id !== undefined
        ? `${connection}:m:${frame.id}~${contentId(frame.address, undefined, frame.body)}`
        : `${connection}:${this.#sequence}`;
    const held = { sequence: this.#sequence, id, frame, lent: 0, isSettled: false };
    this.#held.push(held);
    if (keepsPublished && !this.published.has(id)) this.published.set(id, held);
    this.#arrived?.();
    return held;
  }

  /** A process begins to read. */
  opened(): void {
    this.#isRead = true;
    this.#rewind();
  }

  /** The process that read has ended, or closed its source: what is unsettled comes again. */
  closed(): void {
    this.#isRead = false;
    this.#rewind();
  }

  /** The connection is lost until `restore`. */
  cut(): void {
    this.#isCut = true;
    this.#rewind();
  }

  restore(): void {
    this.#isCut = false;
    this.#arrived?.();
  }

  #rewind(): void {
    this.#epoch += 1;
    if (this.settings.flaw === 'forgets') this.#first = this.#next;
    this.#skipSettled();
    if (this.settings.flaw === 'reverses') {
      const again = this.#held.slice(this.#first, this.#next).toReversed();
      this.#held.splice(this.#first, again.length, ...again);
    }
    if (this.settings.redelivers) this.#next = this.#first;
    else this.#first = this.#next;
    this.settings.activity.happened();
  }

  #skipSettled(): void {
    while (this.#held[this.#first]?.isSettled === true) this.#first += 1;
    // The settled beginning is forgotten in large steps: a long run holds what is unsettled.
    if (this.#first < 4096) return;
    const dropped = Math.min(this.#first, this.#next);
    this.#held.splice(0, dropped);
    this.#first -= dropped;
    this.#next -= dropped;
  }

  async read({ messages, bytes }: Demand, signal: AbortSignal, life: Life, probe: Probe): Promise<readonly Delivery[]> {
    for (;;) {
      if (signal.aborted) return [];
      const batch = life.isOver ? [] : this.#take(messages, bytes, life, probe);
      if (batch.length > 0) {
        this.settings.activity.happened();
        for (const { id } of batch) probe({ step: 'read', route: this.settings.route, id });
        return batch;
      }
      await this.#arrival(signal, life);
    }
  }

  /** Resolves when a frame may be there; of a dead process only when its source is closed. */
  async #arrival(signal: AbortSignal, life: Life): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    signal.addEventListener('abort', wake, { once: true });
    if (!life.isOver) this.#arrived = wake;
    await promise;
    signal.removeEventListener('abort', wake);
  }

  #take(messages: number, bytes: number, life: Life, probe: Probe): Delivery[] {
    const batch: Delivery[] = [];
    let size = 0;
    const { nowMs, expiresUnread } = this.settings;
    for (; !this.#isCut && batch.length < messages; this.#next += 1) {
      const held = this.#held[this.#next];
      if (held === undefined) break;
      const { frame } = held;
      if (expiresUnread && held.lent === 0 && frame.expiresAtMs !== undefined && frame.expiresAtMs <= nowMs()) {
        this.#settle(held);
        continue;
      }
      size += frame.body?.length ?? 0;
      if (size > bytes && batch.length > 0) break;
      held.lent += 1;
      batch.push(this.#deliveryOf(held, life, probe));
    }
    return batch;
  }

  #settle(held: HeldFrame): void {
    held.isSettled = true;
    this.#skipSettled();
  }

  #deliveryOf(held: HeldFrame, life: Life, probe: Probe): Delivery {
    const { route, tellsAttempts, activity } = this.settings;
    const epoch = this.#epoch;
    const { id } = held;
    return {
      id,
      frame: held.frame,
      attempt: tellsAttempts ? held.lent : undefined,
      settle: ({ kind }: Outcome) => {
        if (life.isOver) return;
        probe({ step: 'before settling', route, id });
        // Invariant 2: a settlement whose epoch is gone is dropped.
        if (isDead(life) || epoch !== this.#epoch || kind === 'release') return;
        activity.happened();
        this.#settle(held);
        probe({ step: 'settled', route, id });
      },
    };
  }
}

/** The probe may have ended it. */
function isDead({ isOver }: Life): boolean {
  return isOver;
}
