import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import type { ClassRules } from '#contract/traffic-class.ts';
import type { Clock } from '../clock.ts';

/**
 * Queueing delay, above the shortest confirmation time, at which a route reduces its concurrency. By rank: a lower class
 * reduces it earlier; command never does.
 */
const PATIENCE_MS: Readonly<Record<ClassRules['rank'], number>> = {
  0: Number.POSITIVE_INFINITY,
  1: 200,
  2: 100,
  3: 50,
};

/** The shortest confirmation time is taken over the current span of this length and the one before. */
const REST_MS = 30_000;

/**
 * The sink of a route that shares its connection with a route of a higher class. The routes share the link to the
 * server, so on a slow link the messages in flight of one route delay all routes. This sink keeps that queue short: it
 * reduces its messages in flight, to no less than one, while confirmations take longer than the shortest ones, and
 * raises the number again when they do not (as RFC 6817 does for background transfers).
 */
export class AdaptiveConcurrency implements Sink {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Messages in flight allowed now. A fraction, for it grows by less than one. */
  #limit = 8;
  /** Until the first delay is measured, every confirmation raises the limit by one. */
  #isGrowingFast = true;
  #loweredAtMs = Number.NEGATIVE_INFINITY;
  #open = 0;
  /** The shortest confirmations of this span of time and of the one before. */
  #rest = { thisMs: Number.POSITIVE_INFINITY, lastMs: Number.POSITIVE_INFINITY, sinceMs: 0 };

  constructor(sink: Sink, rank: ClassRules['rank'], clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#patienceMs = PATIENCE_MS[rank];
    this.#rest.sinceMs = clock.elapsedMs();
  }

  get maxInFlight(): number {
    return Math.min(this.#sink.maxInFlight, Math.max(1, Math.floor(this.#limit)));
  }

  send(frame: Frame): Promise<Receipt> {
    const sentAtMs = this.#clock.elapsedMs();
    this.#open += 1;
    const wasFull = this.#open >= this.maxInFlight;
    let sent: Promise<Receipt>;
    try {
      sent = this.#sink.send(frame);
    } catch (thrown) {
      this.#open -= 1;
      throw thrown;
    }
    return sent.then(
      (receipt) => {
        this.#open -= 1;
        this.#measured(sentAtMs, wasFull);
        return receipt;
      },
      (thrown: unknown) => {
        this.#open -= 1;
        throw thrown;
      },
    );
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #measured(sentAtMs: number, wasFull: boolean): void {
    const nowMs = this.#clock.elapsedMs();
    const tookMs = nowMs - sentAtMs;
    const queuedMs = tookMs - this.#restMs(tookMs, nowMs);
    if (queuedMs > this.#patienceMs) {
      this.#isGrowingFast = false;
      // At most once a round trip: a message sent before the last reduction measured the queue of that time.
      if (sentAtMs < this.#loweredAtMs) return;
      this.#loweredAtMs = nowMs;
      this.#limit = Math.max(1, Math.min(this.#limit, this.#open + 1) / 2);
      return;
    }
    if (!wasFull) return;
    this.#limit = Math.min(this.#sink.maxInFlight, this.#limit + (this.#isGrowingFast ? 1 : 1 / this.#limit));
  }

  #restMs(tookMs: number, nowMs: number): number {
    const rest = this.#rest;
    if (nowMs - rest.sinceMs >= REST_MS) {
      this.#rest = { thisMs: tookMs, lastMs: rest.thisMs, sinceMs: nowMs };
    } else if (tookMs < rest.thisMs) {
      rest.thisMs = tookMs;
    }
    return Math.min(this.#rest.thisMs, this.#rest.lastMs);
  }
}
