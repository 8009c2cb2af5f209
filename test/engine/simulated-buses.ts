import type { Delivery } from '../../runtime/contract/delivery.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import { promisedResult, type Receipt, type SendResult } from '../../runtime/contract/send-result.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A source with a given list of frames. It remembers how each was settled, and how much was open at once. */
export class SimulatedSource implements Source {
  readonly settlements = new Map<string, string[]>();
  readonly #clock: VirtualClock;
  readonly #frames: readonly Frame[];
  #next = 0;
  #open = 0;
  mostOpen = 0;

  constructor(clock: VirtualClock, frames: readonly Frame[]) {
    this.#clock = clock;
    this.#frames = frames;
  }

  async read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    // Batches of every size, in time and at once.
    if (this.#clock.pick(3) === 0) await this.#clock.sleep(this.#clock.pick(30));
    if (this.#next >= this.#frames.length) await aborted(signal);
    if (signal.aborted) return [];
    const size = 1 + this.#clock.pick(Math.min(room.messages, 20));
    const batch = this.#frames.slice(this.#next, this.#next + size);
    this.#next += batch.length;
    this.#open += batch.length;
    this.mostOpen = Math.max(this.mostOpen, this.#open);
    return batch.map((frame, index) => this.#lend(frame, this.#next - batch.length + index));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lend(frame: Frame, position: number): Delivery {
    const id = `s:${position}`;
    return {
      id,
      frame,
      attempt: 1,
      settle: (outcome) => {
        this.#open -= 1;
        this.settlements.set(id, [...(this.settlements.get(id) ?? []), outcome.kind]);
      },
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** How unkind a simulated sink is: chances per send, 0 to 1. */
export interface Unkindness {
  /** The connection is cut: frames behind an unknown point never arrived, all open sends fail. */
  readonly cut: number;
  /** The frame is refused for good. */
  readonly refuse: number;
  /** The frame fails by its own fault, this time. */
  readonly fault: number;
  readonly maxInFlight: number;
  /** False for a bus that stores each arrival, whatever its id. */
  readonly removesDuplicates?: boolean;
}

interface OpenSend {
  readonly frame: Frame;
  readonly result: SendResult;
}

/**
 * A sink on one ordered connection to a bus that removes duplicates by id: frames are stored in the order of sending;
 * a cut loses a suffix of what is under way, and the confirmations of a suffix.
 */
export class SimulatedSink implements Sink {
  /** What the bus holds, in order. */
  readonly stored: Frame[] = [];
  readonly maxInFlight: number;
  readonly #clock: VirtualClock;
  readonly #unkindness: Unkindness;
  readonly #ids = new Set<string>();
  #underWay: OpenSend[] = [];
  #epoch = 0;
  #downUntilMs = 0;
  mostOpen = 0;
  /** In some simulations: results come in the midst of the bus's own work, not in a turn of their own. */
  readonly sendTo?: (frame: Frame, result: SendResult) => void;

  constructor(clock: VirtualClock, unkindness: Unkindness) {
    this.#clock = clock;
    this.#unkindness = unkindness;
    this.maxInFlight = unkindness.maxInFlight;
    if (clock.pick(2) === 0) this.sendTo = (frame, result) => this.#send(frame, result);
  }

  send(frame: Frame): Promise<Receipt> {
    return promisedResult((result) => this.#send(frame, result));
  }

  #send(frame: Frame, result: SendResult): void {
    const { cut } = this.#unkindness;
    const failure = this.#failureOf(frame);
    if (failure !== undefined) return queueMicrotask(() => result.failed(failure));
    this.#underWay.push({ frame, result });
    this.mostOpen = Math.max(this.mostOpen, this.#underWay.length);
    const epoch = this.#epoch;
    if (this.#clock.random() < cut) {
      this.#clock.after(this.#clock.pick(5), () => {
        if (epoch === this.#epoch) this.#cut();
      });
    }
    this.#clock.after(1 + this.#clock.pick(10), () => {
      if (epoch === this.#epoch) this.#arrive();
    });
  }

  #failureOf(frame: Frame): SluiceError | undefined {
    if (this.#clock.nowMs() < this.#downUntilMs) return new SluiceError('SINK_DOWN', 'down');
    const { refuse, fault } = this.#unkindness;
    // What a bus refuses for good it refuses each time.
    const isRefused = (Number(Buffer.from(frame.body ?? []).toString()) * 0.618) % 1 < refuse;
    if (isRefused) return new SluiceError('SINK_REFUSED', 'refused');
    return this.#clock.random() < fault ? new SluiceError('SINK_FAILED', 'failed') : undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #arrive(): void {
    const first = this.#underWay.shift();
    first?.result.confirmed(this.#store(first.frame));
  }

  #cut(): void {
    this.#epoch += 1;
    this.#downUntilMs = this.#clock.nowMs() + this.#clock.pick(300);
    const lost = this.#underWay;
    this.#underWay = [];
    // Some had arrived, and only their confirmations are lost.
    for (const { frame } of lost.slice(0, this.#clock.pick(lost.length + 1))) this.#store(frame);
    for (const { result } of lost) result.failed(new SluiceError('SINK_DOWN', 'cut'));
  }

  #store(frame: Frame): Receipt {
    const removes = this.#unkindness.removesDuplicates ?? true;
    if (removes && frame.id !== undefined && this.#ids.has(frame.id)) return 'duplicate';
    if (frame.id !== undefined) this.#ids.add(frame.id);
    this.stored.push(frame);
    return 'confirmed';
  }
}
