import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { type Receipt, reportTo } from '#contract/send-result.ts';
import type { Sink } from '#contract/sink.ts';
import { Deque } from '#kit/deque.ts';
import { expired, isExpired } from './expiry.ts';
import type { SendAttempt } from './send-attempt.ts';
import { type Results, ToldResult } from './told-result.ts';
import { CircuitBreaker, type CircuitBreakerSettings, type Sender } from './circuit-breaker.ts';

/** What a sender needs of a sink. */
export type FrameSink = Pick<Sink, 'maxInFlight' | 'send' | 'sendTo'>;

/** One frame to send, and the callbacks for its result. The sender keeps its own state in it: one object a frame. */
export interface OutgoingFrame {
  readonly frame: Frame;
  /** Written by the sender alone, from 0. */
  sends: number;
  /** Written by the sender alone, from 0: failed attempts that were the frame's own fault. */
  faults: number;
  /** Written by the sender alone: when it was handed over last, by `Clock.elapsedMs`; 0 where nothing measures it. */
  sentAtMs?: number;
  /** Written by the sender alone. */
  state: 'waiting' | 'open' | 'confirmed' | 'refused';
  /** Called before each attempt; undefined where the frame is sent as it is. */
  sending(): SendAttempt | undefined;
  /** The bus has confirmed it. Called in the order of the frames. */
  confirmed(receipt: Receipt): void;
  /** It can never be sent, or its attempts are used up, or it expired (code EXPIRED). */
  refused(failure: SluiceError): void;
}

export interface PipelinedSenderSettings extends CircuitBreakerSettings {
  /** Attempts of one frame that may fail by its own fault; faults of the bus are never counted. */
  readonly attempts: number;
}

/**
 * Sends frames pipelined and in order, with go-back-N: on a failure it stops, lets the frames in flight end, and resumes
 * from the first unconfirmed frame with the same ids (invariant 5). Only the confirmed prefix counts as sent, so a frame
 * that overtook a failed one is sent again behind it, and the bus's own deduplication removes it.
 */
export class PipelinedSender implements Sender {
  readonly #sink: FrameSink;
  readonly #settings: PipelinedSenderSettings;
  readonly #breaker: CircuitBreaker;
  readonly #queue = new Deque<OutgoingFrame>();
  /** Receipts of frames that were confirmed before an earlier frame. */
  readonly #receipts = new WeakMap<OutgoingFrame, Receipt>();
  /** Position of the first frame that was not sent since the last rewind. */
  #next = 0;
  /** The frame whose failure causes the rewind. */
  #failed: { error: SluiceError; outgoing: OutgoingFrame } | undefined;
  /** The promise of the last send, and the frames beyond the first that share it. */
  #lastSent: Promise<Receipt> | undefined;
  #sharers: OutgoingFrame[] | undefined;
  readonly #results: Results<OutgoingFrame> = {
    confirmed: (outgoing, receipt) => this.#confirmed(outgoing, receipt),
    failed: (outgoing, error) => this.#ended(outgoing, error),
  };

  constructor(sink: FrameSink, settings: PipelinedSenderSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#breaker = new CircuitBreaker(settings, this);
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  push(outgoing: OutgoingFrame): void {
    this.#queue.push(outgoing);
    this.issue();
  }

  /** The sink is connected again: ends the delay. */
  wake(): void {
    this.#breaker.wake();
  }

  /** Sends nothing any more and ignores later results. */
  stop(): void {
    this.#breaker.stop();
  }

  /** Called by the breaker. */
  issue(): void {
    while (this.#breaker.mayIssue) {
      // Counted from the first unconfirmed frame: in whatever order confirmations come, no frame is further ahead.
      if (this.#next >= this.maxInFlight) return;
      const outgoing = this.#queue.at(this.#next);
      if (outgoing === undefined || (outgoing.state === 'waiting' && !this.#breaker.mayGo())) return;
      this.#next += 1;
      if (outgoing.state === 'waiting') this.#hand(outgoing);
    }
  }

  /** Called by the breaker: nothing is in flight. */
  back(): void {
    this.#next = 0;
    const failed = this.#failed;
    this.#failed = undefined;
    for (let position = 0; position < this.#queue.size; position += 1) {
      const outgoing = this.#queue.at(position);
      if (outgoing?.state === 'confirmed') outgoing.state = 'waiting';
    }
    if (failed?.error.scope === 'message') {
      failed.outgoing.faults += 1;
      if (failed.outgoing.faults >= this.#settings.attempts) this.#refuse(failed.outgoing, failed.error);
    }
    this.#expire();
  }

  /** Called by the breaker. */
  *unconfirmed(): Generator<string> {
    for (let position = 0; position < this.#queue.size; position += 1) {
      const outgoing = this.#queue.at(position);
      const isSent = outgoing !== undefined && outgoing.sends > 0 && outgoing.state !== 'refused';
      if (isSent && outgoing.frame.id !== undefined) yield outgoing.frame.id;
    }
  }

  #hand(outgoing: OutgoingFrame): void {
    if (isExpired(outgoing.frame, this.#settings.clock)) {
      // Invariant 8: an expired message is never handed to a sink.
      this.#refuse(outgoing, expired());
      return;
    }
    outgoing.state = 'open';
    outgoing.sends += 1;
    if (this.#settings.confirmed !== undefined) outgoing.sentAtMs = this.#settings.clock.elapsedMs();
    this.#breaker.began();
    const sending = outgoing.sending();
    const frame = sending?.frame ?? outgoing.frame;
    try {
      if (this.#sink.sendTo !== undefined) this.#sink.sendTo(frame, new ToldResult(this.#results, outgoing, sending));
      else this.#await(this.#sink.send(frame), outgoing, sending);
    } catch (thrown) {
      const failure = asSluiceError(thrown, 'SINK_UNWRITABLE');
      // Reported in a later turn, as for a frame that the sink accepted.
      queueMicrotask(() => {
        sending?.end(failure);
        this.#ended(outgoing, failure, false);
      });
    }
  }

  #await(sent: Promise<Receipt>, outgoing: OutgoingFrame, sending: SendAttempt | undefined): void {
    if (sending === undefined && sent === this.#lastSent) return this.#share(outgoing, sent);
    this.#lastSent = sent;
    this.#sharers = undefined;
    reportTo(new ToldResult(this.#results, outgoing, sending), sent);
  }

  /** Sends that share one confirmation share one reaction: a reaction each would cost more than all else. */
  #share(outgoing: OutgoingFrame, sent: Promise<Receipt>): void {
    if (this.#sharers !== undefined) {
      this.#sharers.push(outgoing);
      return;
    }
    const sharers = [outgoing];
    this.#sharers = sharers;
    const end = (): void => {
      // No further frame can share it.
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

  #confirmed(outgoing: OutgoingFrame, receipt: Receipt): void {
    if (this.#breaker.isStopped) return;
    const { confirmed, clock } = this.#settings;
    confirmed?.record((clock.elapsedMs() - (outgoing.sentAtMs ?? 0)) / 1000);
    this.#breaker.passed();
    outgoing.state = 'confirmed';
    if (this.#queue.at(0) === outgoing) {
      this.#dropFirst();
      outgoing.confirmed(receipt);
      this.#advance();
    } else {
      // An earlier frame is unconfirmed. The receipt is replaced if this frame is sent again.
      this.#receipts.set(outgoing, receipt);
    }
    this.#breaker.progress();
  }

  #advance(): void {
    for (let first = this.#queue.at(0); first !== undefined; first = this.#queue.at(0)) {
      if (first.state !== 'confirmed' && first.state !== 'refused') return;
      this.#dropFirst();
      if (first.state === 'confirmed') first.confirmed(this.#receipts.get(first) ?? 'confirmed');
    }
  }

  #dropFirst(): void {
    this.#queue.shift();
    // A refused frame can come to the front before #next has passed it.
    if (this.#next > 0) this.#next -= 1;
  }

  #ended(outgoing: OutgoingFrame, error: SluiceError, wasTaken = true): void {
    if (this.#breaker.isStopped) return;
    if (error.verdict === 'reject') {
      this.#breaker.ended();
      this.#refuse(outgoing, error);
    } else {
      outgoing.state = 'waiting';
      this.#failed ??= { error, outgoing };
      this.#breaker.failed(error, wasTaken);
    }
    this.#breaker.progress();
  }

  #refuse(outgoing: OutgoingFrame, error: SluiceError): void {
    outgoing.state = 'refused';
    outgoing.refused(error);
    this.#advance();
  }

  /** Ends frames that expired while nothing could be sent: they would keep the window full until the sink is back. */
  #expire(): void {
    const { clock } = this.#settings;
    for (let position = 0; position < this.#queue.size; position += 1) {
      const outgoing = this.#queue.at(position);
      if (outgoing?.state !== 'waiting' || !isExpired(outgoing.frame, clock)) continue;
      outgoing.state = 'refused';
      outgoing.refused(expired());
    }
    this.#advance();
  }
}
