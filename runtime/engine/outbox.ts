import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { type Backoff, backoffMs } from '#kit/backoff.ts';
import { Deque } from '#kit/deque.ts';
import type { Clock } from './clock.ts';

/** One frame on its way, and who wants to hear how it ended. The outbox keeps its own notes in it: one object a frame. */
export interface Parcel {
  readonly frame: Frame;
  /** Written by the outbox alone, from 0. */
  sends: number;
  /** Written by the outbox alone, from 0: failed tries that were this frame's own fault. */
  faults: number;
  /** Written by the outbox alone. */
  state: 'waiting' | 'open' | 'confirmed' | 'refused';
  /** Called before each sending; undefined where it needs nothing beside. */
  sending(): Sending | undefined;
  /** The bus holds it. Called in the order of the parcels. */
  confirmed(receipt: Receipt): void;
  /** It can never be sent, or its tries are used up, or it expired (code EXPIRED). */
  refused(failure: SluiceError): void;
}

/** One try, when tracing writes a context of its own into its headers. */
export interface Sending {
  readonly frame: Frame;
  end(failure?: SluiceError): void;
}

export interface OutboxSettings {
  readonly clock: Clock;
  /** Between going back and trying again. */
  readonly pause: Backoff;
  /** Tries of one frame that fail by its own fault; what is the bus's fault is never counted. */
  readonly attempts: number;
  /** Sending stopped at a failure and will resume from the first unconfirmed frame. `isFirst`: it flowed until now. */
  onGoBack(failure: SluiceError, isFirst: boolean): void;
  /** It flows again. */
  onFlow(): void;
}

/**
 * Sends frames pipelined and in order; on a failure goes back N: it stops issuing, lets what is in flight end, and
 * resumes from the first unconfirmed frame with the same ids (invariant 5). Only the confirmed prefix counts as sent,
 * so a frame that overtook a failed one is sent again behind it, and the bus's own deduplication removes it.
 */
export class Outbox {
  readonly #sink: Sink;
  readonly #settings: OutboxSettings;
  readonly #parcels = new Deque<Parcel>();
  /** Confirmations that came before the one of an earlier frame. */
  readonly #receipts = new WeakMap<Parcel, Receipt>();
  /** Position of the first parcel that this round has not issued. */
  #next = 0;
  #open = 0;
  /** `ending`: a failure was seen, what is in flight may end. `probing`: one frame alone tests the way. */
  #mode: 'flowing' | 'ending' | 'paused' | 'probing' | 'stopped' = 'flowing';
  #failure: { error: SluiceError; parcel: Parcel } | undefined;
  #failures = 0;
  /** From a failure until a frame is confirmed again. */
  #isStalled = false;
  /** What the last send returned, and who beside the first awaits the same. */
  #lastSent: Promise<Receipt> | undefined;
  #sharers: Parcel[] | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(sink: Sink, settings: OutboxSettings) {
    this.#sink = sink;
    this.#settings = settings;
  }

  push(parcel: Parcel): void {
    this.#parcels.push(parcel);
    this.#issue();
  }

  /** The sink is back: a pause need not run its course. */
  wake(): void {
    if (this.#mode === 'paused') this.#resume();
  }

  /** Issues nothing more and hears nothing more. */
  stop(): void {
    this.#mode = 'stopped';
    this.#cancelPause?.();
  }

  #issue(): void {
    while (this.#mode === 'flowing' || (this.#mode === 'probing' && this.#open === 0)) {
      // Counted from the first unconfirmed: however confirmations come, nothing runs further ahead of it than this.
      if (this.#next >= this.#sink.maxInFlight) return;
      const parcel = this.#parcels.at(this.#next);
      if (parcel === undefined) return;
      this.#next += 1;
      if (parcel.state === 'waiting') this.#hand(parcel);
    }
  }

  #hand(parcel: Parcel): void {
    const { expiresAtMs } = parcel.frame;
    if (expiresAtMs !== undefined && expiresAtMs <= this.#settings.clock.nowMs()) {
      // Invariant 8: expired is never handed to a sink.
      this.#refuse(parcel, new SluiceError('EXPIRED', 'expired before it could be sent'));
      return;
    }
    parcel.state = 'open';
    parcel.sends += 1;
    this.#open += 1;
    const sending = parcel.sending();
    let sent: Promise<Receipt>;
    try {
      sent = this.#sink.send(sending?.frame ?? parcel.frame);
    } catch (thrown) {
      sent = Promise.reject(asSluiceError(thrown));
    }
    if (sending === undefined && sent === this.#lastSent) this.#share(parcel, sent);
    else this.#await(parcel, sent, sending);
  }

  #await(parcel: Parcel, sent: Promise<Receipt>, sending: Sending | undefined): void {
    this.#lastSent = sent;
    this.#sharers = undefined;
    sent.then(
      (receipt) => {
        sending?.end();
        this.#confirmed(parcel, receipt);
      },
      (thrown: unknown) => {
        const failure = asSluiceError(thrown);
        sending?.end(failure);
        this.#failed(parcel, failure);
      },
    );
  }

  /** Sends that the bus confirms as one are awaited as one: a reaction each would cost more than all else. */
  #share(parcel: Parcel, sent: Promise<Receipt>): void {
    if (this.#sharers !== undefined) {
      this.#sharers.push(parcel);
      return;
    }
    const sharers = [parcel];
    this.#sharers = sharers;
    const end = (): void => {
      // Too late to join.
      if (this.#sharers === sharers) this.#lastSent = undefined;
    };
    sent.then(
      (receipt) => {
        end();
        for (const sharer of sharers) this.#confirmed(sharer, receipt);
      },
      (thrown: unknown) => {
        end();
        const failure = asSluiceError(thrown);
        for (const sharer of sharers) this.#failed(sharer, failure);
      },
    );
  }

  #confirmed(parcel: Parcel, receipt: Receipt): void {
    if (this.#mode === 'stopped') return;
    this.#open -= 1;
    parcel.state = 'confirmed';
    this.#failures = 0;
    if (this.#parcels.at(0) === parcel) {
      this.#dropFirst();
      parcel.confirmed(receipt);
      this.#advance();
    } else {
      // A frame before this one is unconfirmed; the receipt is read again if this one is sent again.
      this.#receipts.set(parcel, receipt);
    }
    this.#progress();
  }

  #advance(): void {
    for (let first = this.#parcels.at(0); first !== undefined; first = this.#parcels.at(0)) {
      if (first.state !== 'confirmed' && first.state !== 'refused') return;
      this.#dropFirst();
      if (first.state === 'confirmed') first.confirmed(this.#receipts.get(first) ?? 'confirmed');
    }
  }

  #dropFirst(): void {
    this.#parcels.shift();
    // A refused frame can come to the front before this round has passed it.
    if (this.#next > 0) this.#next -= 1;
  }

  #failed(parcel: Parcel, error: SluiceError): void {
    if (this.#mode === 'stopped') return;
    this.#open -= 1;
    if (error.verdict === 'reject') {
      this.#refuse(parcel, error);
    } else {
      parcel.state = 'waiting';
      // Of several failures the first one sent tells: what came behind it failed because of it, or will be sent again.
      if (this.#failure === undefined) this.#failure = { error, parcel };
      this.#mode = 'ending';
    }
    this.#progress();
  }

  #refuse(parcel: Parcel, error: SluiceError): void {
    parcel.state = 'refused';
    parcel.refused(error);
    this.#advance();
  }

  #progress(): void {
    if (this.#mode === 'ending') {
      if (this.#open === 0) this.#goBack();
      return;
    }
    if (this.#mode === 'probing' && this.#failures === 0) {
      this.#mode = 'flowing';
      this.#isStalled = false;
      this.#settings.onFlow();
    }
    this.#issue();
  }

  #goBack(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    this.#next = 0;
    for (let position = 0; position < this.#parcels.size; position += 1) {
      const parcel = this.#parcels.at(position);
      if (parcel?.state === 'confirmed') parcel.state = 'waiting';
    }
    if (failure !== undefined) {
      this.#settings.onGoBack(failure.error, !this.#isStalled);
      this.#isStalled = true;
      if (failure.error.scope === 'message') {
        failure.parcel.faults += 1;
        if (failure.parcel.faults >= this.#settings.attempts) this.#refuse(failure.parcel, failure.error);
      }
    }
    this.#failures += 1;
    this.#mode = 'paused';
    const delayMs = backoffMs(this.#settings.pause, this.#failures, this.#settings.clock.random);
    this.#cancelPause = this.#settings.clock.after(delayMs, () => this.#resume());
  }

  #resume(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    // One frame first: while a server comes back, some frames of a full window could pass and others not.
    this.#mode = 'probing';
    this.#issue();
  }
}
