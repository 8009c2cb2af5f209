import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import type { Checker } from './checker.ts';
import type { Mark } from './mark.ts';

const RETRY = { firstMs: 50, capMs: 1000 };
const TICK_MS = 5;
/** The backlog of a slow bus that is made up for, at most. */
const MAX_BEHIND_MS = 1000;
/** Messages of one key in a row before the next key's turn. With one a turn, two that change places would not be detected. */
const BURST = 5;

export interface Load {
  readonly run: string;
  readonly keys: readonly string[];
  readonly ratePerSecond: number;
  /** `count` or `lastsMs` ends the sending, whichever is reached first. */
  readonly count: number;
  readonly lastsMs: number;
  /** Bounds the checker's memory: sending waits while so many messages are missing. */
  readonly maxMissing: number;
  frameOf(mark: Mark): Frame;
}

/**
 * Sends numbered messages at a steady rate. One of a key is under way at a time and is tried until the bus confirms it,
 * so whatever the connection does, each key's messages lie in the first bus in the order of their numbers.
 */
export class Generator {
  readonly #load: Load;
  readonly #sink: Sink;
  readonly #checker: Checker;
  readonly #numbers = new Map<string, number>();
  readonly #busy = new Map<string, Promise<void>>();
  #sent = 0;

  constructor(load: Load, sink: Sink, checker: Checker) {
    this.#load = load;
    this.#sink = sink;
    this.#checker = checker;
  }

  /** Messages handed over so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Resolves once all are sent or the time is over, and the messages in flight have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { count, lastsMs, ratePerSecond } = this.#load;
    const startMs = Date.now();
    let dueFromMs = startMs;
    let issued = 0;
    while (this.#sent < count && Date.now() - startMs < lastsMs && !signal.aborted) {
      const due = Math.floor(((Date.now() - dueFromMs) * ratePerSecond) / 1000);
      while (issued < due && this.#sent < count && this.#issue(signal)) issued += 1;
      if (due - issued > (MAX_BEHIND_MS * ratePerSecond) / 1000) {
        dueFromMs = Date.now();
        issued = 0;
      }
      await pause(TICK_MS);
    }
    await this.#idle();
  }

  /** Sends each of these keys one message beyond its last. */
  async probe(keys: readonly string[], signal: AbortSignal): Promise<void> {
    for (const key of keys) this.#start(key, signal, true);
    await this.#idle();
  }

  /** Starts the next message of the key whose turn it is, or of the next one that is idle; false when none is. */
  #issue(signal: AbortSignal): boolean {
    const { keys, maxMissing } = this.#load;
    if (this.#checker.missing >= maxMissing) return false;
    const turn = Math.floor(this.#sent / BURST);
    for (let step = 0; step < keys.length; step += 1) {
      const key = keys[(turn + step) % keys.length];
      if (key === undefined || this.#busy.has(key)) continue;
      this.#sent += 1;
      this.#start(key, signal, false);
      return true;
    }
    return false;
  }

  #start(key: string, signal: AbortSignal, isProbe: boolean): void {
    const number = (this.#numbers.get(key) ?? 0) + 1;
    this.#numbers.set(key, number);
    const mark = { run: this.#load.run, key, number, sentAtMs: Date.now() };
    this.#checker.sending(mark, isProbe);
    const before = this.#busy.get(key) ?? Promise.resolve();
    const sending = before
      .then(() => this.#send(mark, signal))
      .finally(() => {
        if (this.#busy.get(key) === sending) this.#busy.delete(key);
      });
    this.#busy.set(key, sending);
  }

  async #send(mark: Mark, signal: AbortSignal): Promise<void> {
    const frame = this.#load.frameOf(mark);
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.#sink.send(frame);
        this.#checker.confirmed(mark, Date.now());
        return;
      } catch (thrown) {
        // The driver has reported the reason. A message that the bus refuses for good stays unconfirmed until the run is
        // over. Whether an earlier try of an expired message got through is unknown; the next message of its key may go.
        if (asSluiceError(thrown).code === 'EXPIRED') return;
        await pause(backoffMs(RETRY, failures));
      }
      if (!signal.aborted) this.#checker.sendingAgain(mark);
    }
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#busy.values());
  }
}
