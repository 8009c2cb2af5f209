import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { type Backoff, backoffMs } from '#kit/backoff.ts';
import { Chain } from '#kit/chain.ts';
import { expired, isExpired } from './expiry.ts';
import { Flow, type FlowSettings, type Sender } from './flow.ts';
import type { Load } from './load.ts';
import { Slot } from './slot.ts';

export interface SlotsSettings extends FlowSettings {
  /** `newest`: a message that waits gives way to a newer one of its key. */
  readonly keeps: 'all' | 'newest';
  /** Tries of one message that fail by its own fault; what is the bus's fault is never counted. */
  readonly attempts: number;
  /** Between tries of one message; only its own key waits meanwhile. */
  readonly backoff: Backoff;
}

/** How often what waits is looked through for what has expired. */
const LOOK_MS = 250;
/** Where the newest go first, each so-many-th turn is of the one that has waited longest: nobody waits for ever. */
const OLDEST_EVERY = 4;

/**
 * Sends for the classes that have one message of a key under way at a time. The next of its key follows once the one
 * before is confirmed and remembered, so no older message comes after a newer one, not even as a duplicate; keys do not
 * wait for each other. Who keeps all sends what has waited longest first; who keeps the newest sends the newest first.
 */
export class Slots implements Sender {
  readonly #sink: Sink;
  readonly #settings: SlotsSettings;
  readonly #flow: Flow;
  /** By key and address; only those that have something. */
  readonly #slots = new Map<string, Slot>();
  /** Those that could send now. */
  readonly #ready = new Chain<Slot>();
  #turn = 0;
  /** The first that failed of those under way: it tests the way. Another key may go to a server that was never away. */
  #failed: Slot | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(sink: Sink, settings: SlotsSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#flow = new Flow(settings, this);
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  push(load: Load): void {
    let slot = this.#slots.get(load.lane);
    if (slot === undefined) {
      slot = new Slot(load.lane);
      this.#slots.set(load.lane, slot);
    }
    if (this.#settings.keeps === 'newest') slot.replace(load);
    else slot.waiting.push(load);
    // Who keeps the newest lets it go first: its slot moves to the end from which is taken.
    if (slot.state === 'idle' && (this.#settings.keeps === 'newest' || !slot.isLinked)) this.#ready.push(slot);
    if (load.expiresAtMs !== undefined) this.#lookSoon();
    this.issue();
  }

  wake(): void {
    this.#flow.wake();
  }

  stop(): void {
    this.#flow.stop();
    this.#cancelLook?.();
  }

  /** Called by the flow. */
  issue(): void {
    while (this.#flow.mayIssue && this.#flow.open < this.maxInFlight) {
      const slot = this.#pick();
      const load = slot?.waiting.at(0);
      if (slot === undefined || load === undefined) return;
      if (load.ends(this.#settings.clock)) {
        this.#dropFirst(slot);
        continue;
      }
      if (slot.state === 'idle' && this.#mustWait(slot, load)) continue;
      if (!this.#flow.mayGo()) return;
      this.#turn += 1;
      this.#ready.delete(slot);
      slot.state = 'busy';
      this.#hand(slot, load);
    }
  }

  /** Called by the flow. What failed has gone back to its slot already. */
  back(): void {
    if (this.#settings.keeps === 'newest') {
      // While nothing can be sent nobody is held up by giving way.
      for (const slot of this.#slots.values()) if (slot.unpin()) this.#ready.push(slot);
    }
    this.#expire();
  }

  /** Called by the flow. */
  *inDoubt(): Generator<string> {
    for (const { waiting } of this.#slots.values()) {
      const [first] = waiting;
      if (first === undefined || first.sends === 0) continue;
      for (const { id } of first.frames.slice(first.confirmed)) if (id !== undefined) yield id;
    }
  }

  /** Asked once a message: others of its key that end meanwhile are newer, and would hold it up for ever. */
  #mustWait(slot: Slot, load: Load): boolean {
    const pending = load.pending();
    if (pending === undefined) return false;
    this.#ready.delete(slot);
    slot.state = 'waits';
    void pending.then(() => {
      if (slot.state !== 'waits') return;
      slot.state = slot.waiting[0] === load ? 'cleared' : 'idle';
      if (slot.waiting.length > 0) this.#ready.push(slot);
      this.issue();
    });
    return true;
  }

  #pick(): Slot | undefined {
    if (this.#flow.isProbing && this.#failed?.isLinked === true) return this.#failed;
    if (this.#settings.keeps === 'all' || this.#turn % OLDEST_EVERY === 0) return this.#ready.first;
    return this.#ready.last;
  }

  /** All frames of one message, in order; those that were confirmed before are not sent again. */
  #hand(slot: Slot, load: Load): void {
    const from = load.confirmed;
    let open = 0;
    let failure: SluiceError | undefined;
    let isPrefix = true;
    const frames = load.frames.slice(from);
    load.sends += 1;
    const ends: (Receipt | undefined)[] = frames.map(() => undefined);
    const ended = (at: number, receipt?: Receipt, error?: SluiceError, wasTaken = true): void => {
      if (this.#flow.isStopped) return;
      open -= 1;
      ends[at] = receipt;
      // Of several, the first one heard of tells.
      failure ??= error;
      if (error === undefined) this.#flow.passed();
      else if (error.scope !== 'bus') this.#flow.ended();
      else if (this.#flow.failed(error, wasTaken)) this.#failed = slot;
      if (open === 0) {
        for (const end of ends) {
          isPrefix &&= end !== undefined;
          if (isPrefix && end !== undefined) load.confirm(end);
        }
        this.#answered(slot, load, failure);
      }
      this.#flow.progress();
    };
    open = frames.length;
    for (const [at, frame] of frames.entries()) {
      this.#flow.began();
      const sending = load.sending(frame);
      let sent: Promise<Receipt>;
      try {
        sent = this.#sink.send(sending?.frame ?? frame);
      } catch (thrown) {
        const error = asSluiceError(thrown, 'SINK_UNWRITABLE');
        // Later, as of one that was taken.
        queueMicrotask(() => {
          sending?.end(error);
          ended(at, undefined, error, false);
        });
        continue;
      }
      sent.then(
        (receipt) => {
          sending?.end();
          ended(at, receipt);
        },
        (thrown: unknown) => {
          const error = asSluiceError(thrown);
          sending?.end(error);
          ended(at, undefined, error);
        },
      );
    }
  }

  #answered(slot: Slot, load: Load, failure: SluiceError | undefined): void {
    if (failure === undefined && load.confirmed === load.frames.length) {
      load.delivered();
      return this.#free(slot, true);
    }
    // A frame that must go out under another id.
    if (failure === undefined) return this.#free(slot, false);
    if (failure.verdict === 'reject') return this.#refuse(slot, load, failure);
    if (failure.scope === 'bus') return this.#free(slot, false);
    load.faults += 1;
    if (load.faults >= this.#settings.attempts) return this.#refuse(slot, load, failure);
    const { clock, backoff } = this.#settings;
    clock.after(backoffMs(backoff, load.faults, clock.random), () => this.#free(slot, false));
  }

  #refuse(slot: Slot, load: Load, failure: SluiceError): void {
    load.refused(failure);
    this.#free(slot, true);
  }

  /** The key's next turn. `isDone`: the first of its slot has ended; otherwise it is sent again, or gives way. */
  #free(slot: Slot, isDone: boolean): void {
    if (this.#flow.isStopped) return;
    slot.state = 'idle';
    if (isDone) this.#dropFirst(slot);
    else if (this.#settings.keeps === 'newest') slot.giveWay();
    if (slot.waiting.length > 0) this.#ready.push(slot);
    this.issue();
  }

  #dropFirst(slot: Slot): void {
    slot.waiting.shift();
    slot.state = 'idle';
    this.#forgetEmpty(slot);
  }

  #forgetEmpty(slot: Slot): void {
    if (slot.waiting.length > 0) return;
    this.#ready.delete(slot);
    this.#slots.delete(slot.lane);
  }

  /** What expired while it waited ends now: it need not keep the window shut until its turn comes. */
  #expire(): void {
    const { clock } = this.#settings;
    for (const slot of this.#slots.values()) {
      const under = slot.state === 'busy' ? 1 : 0;
      for (let at = slot.waiting.length - 1; at >= under; at -= 1) {
        const load = slot.waiting[at];
        if (load === undefined || !isExpired(load, clock)) continue;
        slot.waiting.splice(at, 1);
        if (at === 0 && slot.state === 'cleared') slot.state = 'idle';
        load.refused(expired());
      }
      this.#forgetEmpty(slot);
    }
  }

  #lookSoon(): void {
    this.#cancelLook ??= this.#settings.clock.after(LOOK_MS, () => {
      this.#cancelLook = undefined;
      if (this.#flow.isStopped) return;
      this.#expire();
      if (this.#slots.size > 0) this.#lookSoon();
    });
  }
}
