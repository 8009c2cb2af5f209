import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { Deque } from '#kit/deque.ts';
import { expired, isExpired } from './expiry.ts';
import { Flow, type FlowSettings, type Sender } from './flow.ts';

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

export interface OutboxSettings extends FlowSettings {
  /** Tries of one frame that fail by its own fault; what is the bus's fault is never counted. */
  readonly attempts: number;
}

/**
 * Sends frames pipelined and in order; on a failure goes back N: it stops issuing, lets what is in flight end, and
 * resumes from the first unconfirmed frame with the same ids (invariant 5). Only the confirmed prefix counts as sent,
 * so a frame that overtook a failed one is sent again behind it, and the bus's own deduplication removes it.
 */
export class Outbox implements Sender {
  readonly #sink: Sink;
  readonly #settings: OutboxSettings;
  readonly #flow: Flow;
  readonly #parcels = new Deque<Parcel>();
  /** Confirmations that came before the one of an earlier frame. */
  readonly #receipts = new WeakMap<Parcel, Receipt>();
  /** Position of the first parcel that this round has not issued. */
  #next = 0;
  /** The frame whose failure sends this round back. */
  #failed: { error: SluiceError; parcel: Parcel } | undefined;
  /** What the last send returned, and who beside the first awaits the same. */
  #lastSent: Promise<Receipt> | undefined;
  #sharers: Parcel[] | undefined;

  constructor(sink: Sink, settings: OutboxSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#flow = new Flow(settings, this);
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  push(parcel: Parcel): void {
    this.#parcels.push(parcel);
    this.issue();
  }

  /** The sink is back: a pause need not run its course. */
  wake(): void {
    this.#flow.wake();
  }

  /** Issues nothing more and hears nothing more. */
  stop(): void {
    this.#flow.stop();
  }

  /** Called by the flow. */
  issue(): void {
    while (this.#flow.mayIssue) {
      // Counted from the first unconfirmed: however confirmations come, nothing runs further ahead of it than this.
      if (this.#next >= this.maxInFlight) return;
      const parcel = this.#parcels.at(this.#next);
      if (parcel === undefined || (parcel.state === 'waiting' && !this.#flow.mayGo())) return;
      this.#next += 1;
      if (parcel.state === 'waiting') this.#hand(parcel);
    }
  }

  /** Called by the flow: the round is over. */
  back(): void {
    this.#next = 0;
    const failed = this.#failed;
    this.#failed = undefined;
    for (let position = 0; position < this.#parcels.size; position += 1) {
      const parcel = this.#parcels.at(position);
      if (parcel?.state === 'confirmed') parcel.state = 'waiting';
    }
    if (failed?.error.scope === 'message') {
      failed.parcel.faults += 1;
      if (failed.parcel.faults >= this.#settings.attempts) this.#refuse(failed.parcel, failed.error);
    }
    this.#expire();
  }

  /** Called by the flow. */
  *inDoubt(): Generator<string> {
    for (let position = 0; position < this.#parcels.size; position += 1) {
      const parcel = this.#parcels.at(position);
      const isSent = parcel !== undefined && parcel.sends > 0 && parcel.state !== 'refused';
      if (isSent && parcel.frame.id !== undefined) yield parcel.frame.id;
    }
  }

  #hand(parcel: Parcel): void {
    if (isExpired(parcel.frame, this.#settings.clock)) {
      // Invariant 8: expired is never handed to a sink.
      this.#refuse(parcel, expired());
      return;
    }
    parcel.state = 'open';
    parcel.sends += 1;
    this.#flow.began();
    const sending = parcel.sending();
    let sent: Promise<Receipt>;
    try {
      sent = this.#sink.send(sending?.frame ?? parcel.frame);
    } catch (thrown) {
      const failure = asSluiceError(thrown, 'SINK_UNWRITABLE');
      // Later, as of one that was taken.
      queueMicrotask(() => {
        sending?.end(failure);
        this.#ended(parcel, failure, false);
      });
      return;
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
        this.#ended(parcel, failure);
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
        for (const sharer of sharers) this.#ended(sharer, failure);
      },
    );
  }

  #confirmed(parcel: Parcel, receipt: Receipt): void {
    if (this.#flow.isStopped) return;
    this.#flow.passed();
    parcel.state = 'confirmed';
    if (this.#parcels.at(0) === parcel) {
      this.#dropFirst();
      parcel.confirmed(receipt);
      this.#advance();
    } else {
      // A frame before this one is unconfirmed; the receipt is read again if this one is sent again.
      this.#receipts.set(parcel, receipt);
    }
    this.#flow.progress();
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

  #ended(parcel: Parcel, error: SluiceError, wasTaken = true): void {
    if (this.#flow.isStopped) return;
    if (error.verdict === 'reject') {
      this.#flow.ended();
      this.#refuse(parcel, error);
    } else {
      parcel.state = 'waiting';
      this.#failed ??= { error, parcel };
      this.#flow.failed(error, wasTaken);
    }
    this.#flow.progress();
  }

  #refuse(parcel: Parcel, error: SluiceError): void {
    parcel.state = 'refused';
    parcel.refused(error);
    this.#advance();
  }

  /** What expired while nothing could be sent ends now: it need not keep the window shut until the sink is back. */
  #expire(): void {
    const { clock } = this.#settings;
    for (let position = 0; position < this.#parcels.size; position += 1) {
      const parcel = this.#parcels.at(position);
      if (parcel?.state !== 'waiting' || !isExpired(parcel.frame, clock)) continue;
      parcel.state = 'refused';
      parcel.refused(expired());
    }
    this.#advance();
  }
}
