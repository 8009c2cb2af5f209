import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { type Receipt, reportTo } from '#contract/send-result.ts';
import { type Backoff, backoffMs } from '#kit/backoff.ts';
import { LinkedList } from '#kit/linked-list.ts';
import { expired, isExpired } from './expiry.ts';
import { type Results, ToldResult } from './told-result.ts';
import { CircuitBreaker, type CircuitBreakerSettings, type Sender } from './circuit-breaker.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { KeyQueue } from './key-queue.ts';
import type { FrameSink } from './pipelined-sender.ts';

export interface PerKeySenderSettings extends CircuitBreakerSettings {
  /** `newest`: a newer message of its key supersedes a waiting one. */
  readonly keeps: 'all' | 'newest';
  /** Attempts of one message that may fail by its own fault; faults of the bus are never counted. */
  readonly attempts: number;
  /** The delay between attempts of one message; only its own key waits. */
  readonly backoff: Backoff;
}

/** Takes the end of one frame: its receipt, or its failure, and whether the sink had accepted it. */
type Ended = (receipt: Receipt | undefined, error: SluiceError | undefined, wasTaken: boolean) => void;

const ENDED: Results<Ended> = {
  confirmed: (ended, receipt) => ended(receipt, undefined, true),
  failed: (ended, error) => ended(undefined, error, true),
};

/** How often waiting messages are checked for their expiry. */
const LOOK_MS = 250;
/** With `newest`, every fourth turn goes to the key that has waited longest: no key waits for ever. */
const OLDEST_EVERY = 4;

/**
 * The sender of classes that have one message of a key in flight at a time. The next message of a key follows once the
 * one before is confirmed and its id is saved, so no older message follows a newer one, not even as a duplicate. Keys do
 * not wait for each other. With `all` the key that has waited longest is first; with `newest` the newest message is.
 */
export class PerKeySender implements Sender {
  readonly #sink: FrameSink;
  readonly #settings: PerKeySenderSettings;
  readonly #breaker: CircuitBreaker;
  /** By key and address; no queue is empty. */
  readonly #queues = new Map<string, KeyQueue>();
  /** Queues that could send now. */
  readonly #ready = new LinkedList<KeyQueue>();
  #turn = 0;
  /** The first queue that failed: its message is the probe. Another key may belong to a server that never was away. */
  #failed: KeyQueue | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(sink: FrameSink, settings: PerKeySenderSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#breaker = new CircuitBreaker(settings, this);
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  push(outgoing: OutgoingMessage): void {
    let queue = this.#queues.get(outgoing.lane);
    if (queue === undefined) {
      queue = new KeyQueue(outgoing.lane);
      this.#queues.set(outgoing.lane, queue);
    }
    if (this.#settings.keeps === 'newest') queue.replace(outgoing);
    else queue.waiting.push(outgoing);
    // With `newest` the newest message is sent first: its queue moves to the end from which #pick takes.
    if (queue.state === 'idle' && (this.#settings.keeps === 'newest' || !queue.isLinked)) this.#ready.push(queue);
    if (outgoing.expiresAtMs !== undefined) this.#lookSoon();
    this.issue();
  }

  wake(): void {
    this.#breaker.wake();
  }

  stop(): void {
    this.#breaker.stop();
    this.#cancelLook?.();
  }

  /** Called by the breaker. */
  issue(): void {
    while (this.#breaker.mayIssue && this.#breaker.open < this.maxInFlight) {
      const queue = this.#pick();
      const outgoing = queue?.waiting.at(0);
      if (queue === undefined || outgoing === undefined) return;
      const end = outgoing.endUnsent(this.#settings.clock);
      if (end !== undefined) {
        // Not behind the report: within it the route may send the next message of the key, into this queue.
        this.#dropFirst(queue);
        outgoing.ended(end);
        continue;
      }
      if (queue.state === 'idle' && this.#mustWait(queue, outgoing)) continue;
      if (!this.#breaker.mayGo()) return;
      this.#turn += 1;
      this.#ready.delete(queue);
      queue.state = 'busy';
      this.#hand(queue, outgoing);
    }
  }

  /** Called by the breaker. Failed messages are in their queues already. */
  back(): void {
    if (this.#settings.keeps === 'newest') {
      // While nothing can be sent, superseding a message delays none.
      for (const queue of this.#queues.values()) if (queue.unpin()) this.#ready.push(queue);
    }
    this.#expire();
  }

  /** Called by the breaker. */
  *unconfirmed(): Generator<string> {
    for (const { waiting } of this.#queues.values()) {
      const [first] = waiting;
      if (first === undefined || first.sends === 0) continue;
      for (const { id } of first.frames.slice(first.confirmed)) if (id !== undefined) yield id;
    }
  }

  /** Called once a message: results of its key that come later belong to newer messages and could delay it for ever. */
  #mustWait(queue: KeyQueue, outgoing: OutgoingMessage): boolean {
    const pending = outgoing.pending();
    if (pending === undefined) return false;
    this.#ready.delete(queue);
    queue.state = 'waits';
    void pending.then(() => {
      if (queue.state !== 'waits') return;
      queue.state = queue.waiting[0] === outgoing ? 'cleared' : 'idle';
      if (queue.waiting.length > 0) this.#ready.push(queue);
      this.issue();
    });
    return true;
  }

  #pick(): KeyQueue | undefined {
    if (this.#breaker.isProbing && this.#failed?.isLinked === true) return this.#failed;
    if (this.#settings.keeps === 'all' || this.#turn % OLDEST_EVERY === 0) return this.#ready.first;
    return this.#ready.last;
  }

  /** Sends the frames of one message in order; frames that were confirmed before are not sent again. */
  #hand(queue: KeyQueue, outgoing: OutgoingMessage): void {
    const from = outgoing.confirmed;
    const first = outgoing.frames[from];
    if (first !== undefined && outgoing.frames.length === from + 1) return this.#handOne(queue, outgoing, first);
    let open = 0;
    let failure: SluiceError | undefined;
    let isPrefix = true;
    const frames = outgoing.frames.slice(from);
    outgoing.sends += 1;
    const sentAtMs = this.#sentAtMs();
    const ends: (Receipt | undefined)[] = frames.map(() => undefined);
    const ended = (
      at: number,
      receipt: Receipt | undefined,
      error: SluiceError | undefined,
      wasTaken: boolean,
    ): void => {
      if (this.#breaker.isStopped) return;
      open -= 1;
      ends[at] = receipt;
      if (receipt !== undefined) this.#measure(sentAtMs);
      // The first of several failures counts.
      failure ??= error;
      this.#note(queue, error, wasTaken);
      if (open === 0) {
        for (const end of ends) {
          isPrefix &&= end !== undefined;
          if (isPrefix && end !== undefined) outgoing.confirm(end);
        }
        this.#answered(queue, outgoing, failure);
      }
      this.#breaker.progress();
    };
    open = frames.length;
    for (const [at, frame] of frames.entries()) {
      this.#send(outgoing, frame, (receipt, error, wasTaken) => ended(at, receipt, error, wasTaken));
    }
  }

  /** As `#hand`, for the one frame that most messages have. */
  #handOne(queue: KeyQueue, outgoing: OutgoingMessage, frame: Frame): void {
    outgoing.sends += 1;
    const sentAtMs = this.#sentAtMs();
    this.#send(outgoing, frame, (receipt, error, wasTaken) => {
      if (this.#breaker.isStopped) return;
      this.#note(queue, error, wasTaken);
      if (receipt !== undefined) {
        this.#measure(sentAtMs);
        outgoing.confirm(receipt);
      }
      this.#answered(queue, outgoing, error);
      this.#breaker.progress();
    });
  }

  #sentAtMs(): number {
    const { confirmed, clock } = this.#settings;
    return confirmed === undefined ? 0 : clock.elapsedMs();
  }

  #measure(sentAtMs: number): void {
    const { confirmed, clock } = this.#settings;
    confirmed?.record((clock.elapsedMs() - sentAtMs) / 1000);
  }

  #send(outgoing: OutgoingMessage, frame: Frame, ended: Ended): void {
    this.#breaker.began();
    const sending = outgoing.sending(frame);
    const result = new ToldResult(ENDED, ended, sending);
    try {
      if (this.#sink.sendTo !== undefined) this.#sink.sendTo(sending?.frame ?? frame, result);
      else reportTo(result, this.#sink.send(sending?.frame ?? frame));
    } catch (thrown) {
      const error = asSluiceError(thrown, 'SINK_UNWRITABLE');
      // Reported in a later turn, as for a frame that the sink accepted.
      queueMicrotask(() => {
        sending?.end(error);
        ended(undefined, error, false);
      });
    }
  }

  /** A frame has ended. */
  #note(queue: KeyQueue, error: SluiceError | undefined, wasTaken: boolean): void {
    if (error === undefined) this.#breaker.passed();
    else if (error.scope !== 'bus') this.#breaker.ended();
    else if (this.#breaker.failed(error, wasTaken)) this.#failed = queue;
  }

  #answered(queue: KeyQueue, outgoing: OutgoingMessage, failure: SluiceError | undefined): void {
    if (failure === undefined && outgoing.confirmed === outgoing.frames.length) {
      outgoing.delivered();
      return this.#free(queue, true);
    }
    // A frame must be sent under another id.
    if (failure === undefined) return this.#free(queue, false);
    if (failure.verdict === 'reject') return this.#refuse(queue, outgoing, failure);
    if (failure.scope === 'bus') return this.#free(queue, false);
    outgoing.faults += 1;
    if (outgoing.faults >= this.#settings.attempts) return this.#refuse(queue, outgoing, failure);
    const { clock, backoff } = this.#settings;
    clock.after(backoffMs(backoff, outgoing.faults, clock.random), () => this.#free(queue, false));
  }

  #refuse(queue: KeyQueue, outgoing: OutgoingMessage, failure: SluiceError): void {
    outgoing.refused(failure);
    this.#free(queue, true);
  }

  /** Frees the key for its next message. `isDone`: the first of its queue has ended; otherwise it is sent again or superseded. */
  #free(queue: KeyQueue, isDone: boolean): void {
    if (this.#breaker.isStopped) return;
    queue.state = 'idle';
    if (isDone) this.#dropFirst(queue);
    else if (this.#settings.keeps === 'newest') queue.supersedeFirst();
    if (queue.waiting.length > 0) this.#ready.push(queue);
    this.issue();
  }

  #dropFirst(queue: KeyQueue): void {
    queue.waiting.shift();
    queue.state = 'idle';
    this.#forgetEmpty(queue);
  }

  #forgetEmpty(queue: KeyQueue): void {
    if (queue.waiting.length > 0) return;
    this.#ready.delete(queue);
    this.#queues.delete(queue.lane);
  }

  /** Ends messages that expired while they waited: they would keep the window full until their turn. */
  #expire(): void {
    const { clock } = this.#settings;
    for (const queue of this.#queues.values()) {
      const under = queue.state === 'busy' ? 1 : 0;
      for (let at = queue.waiting.length - 1; at >= under; at -= 1) {
        const outgoing = queue.waiting[at];
        if (outgoing === undefined || !isExpired(outgoing, clock)) continue;
        queue.waiting.splice(at, 1);
        if (at === 0 && queue.state === 'cleared') queue.state = 'idle';
        outgoing.refused(expired());
      }
      this.#forgetEmpty(queue);
    }
  }

  #lookSoon(): void {
    this.#cancelLook ??= this.#settings.clock.after(LOOK_MS, () => {
      this.#cancelLook = undefined;
      if (this.#breaker.isStopped) return;
      this.#expire();
      if (this.#queues.size > 0) this.#lookSoon();
    });
  }
}
