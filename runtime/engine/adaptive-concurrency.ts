import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import type { ClassRules } from '#contract/traffic-class.ts';
import type { Clock } from './clock.ts';

/**
 * How much longer than at rest a confirmation may take before a route gives way, by rank. The lower the class, the
 * sooner it feels the queue that all of them stand in: command never gives way.
 */
const PATIENCE_MS: Readonly<Record<ClassRules['rank'], number>> = {
  0: Number.POSITIVE_INFINITY,
  1: 200,
  2: 100,
  3: 50,
};

/** The shortest time that a confirmation took is believed for this long, and for as long again. */
const REST_MS = 30_000;

/**
 * The sink of a route that shares its connection with a route of a higher class. Each has its own way to the server, so
 * where the link between is slow, what one has under way stands in the queue of all. This one keeps that queue short:
 * it lowers what it has under way when confirmations take longer than at rest, to one message at the least (nobody
 * starves), and raises it again when they do not (as RFC 6817 does for transfers in the background).
 */
export class AdaptiveConcurrency implements Sink {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Messages under way, as a fraction: it grows by less than one. */
  #limit = 8;
  /** Until the first queue is felt, every confirmation raises the limit by one. */
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
        this.#felt(sentAtMs, wasFull);
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

  #felt(sentAtMs: number, wasFull: boolean): void {
    const nowMs = this.#clock.elapsedMs();
    const tookMs = nowMs - sentAtMs;
    const queuedMs = tookMs - this.#restMs(tookMs, nowMs);
    if (queuedMs > this.#patienceMs) {
      this.#isGrowingFast = false;
      // Once a round trip: what was under way when it was lowered tells of the time before.
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
