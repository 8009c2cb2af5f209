import type { Delivery } from '../../runtime/contract/delivery.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { ProcessedIds, ProcessedId } from '../../runtime/contract/processed-ids.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** One life of the bridge's process. What belongs to a dead one does nothing any more. */
export interface Life {
  isOver: boolean;
}

export const never = (): Promise<never> => new Promise(() => {});

/**
 * A bus that keeps what was not settled and gives it again to the next life, and with it, at times, what was settled:
 * acknowledgements that the death of the process swallowed.
 */
export class SimulatedLog {
  readonly frames: readonly Frame[];
  readonly #clock: VirtualClock;
  readonly #settled = new Set<number>();
  readonly #seen = new Set<number>();
  /** Lent in this life and not settled. */
  readonly #lent = new Set<number>();
  /** Settled in this life; the last of them may be lost with it. */
  #recent: number[] = [];
  #next = 0;
  /** So many of the next readings bring little, and late: what comes again over a connection that was just made. */
  #trickles = 0;
  #isTelling: boolean;
  open = 0;
  mostOpen = 0;

  /** `isTelling`: whether it can say that a delivery is one again. */
  constructor(clock: VirtualClock, frames: readonly Frame[], isTelling: boolean) {
    this.#clock = clock;
    this.frames = frames;
    this.#isTelling = isTelling;
  }

  get isEmpty(): boolean {
    return this.#settled.size === this.frames.length;
  }

  /** The process died: some acknowledgements never arrived, and what is unsettled comes again, in order. */
  died(): void {
    this.#forgetAcknowledgements();
    this.#recent = [];
    this.#lent.clear();
    this.open = 0;
  }

  /** The connection broke: some acknowledgements never arrived, and theirs come again in this life, in order. */
  reconnected(): void {
    this.#forgetAcknowledgements();
    this.#trickles = this.#clock.pick(20);
  }

  #forgetAcknowledgements(): void {
    const lost = this.#clock.pick(20);
    for (const position of this.#recent.slice(this.#recent.length - lost)) this.#settled.delete(position);
    this.#next = 0;
  }

  source(life: Life): Source {
    return {
      read: async (room, signal) => {
        if (this.#trickles > 0 || this.#clock.pick(3) === 0) await this.#clock.sleep(this.#clock.pick(30));
        while (!signal.aborted) {
          if (life.isOver) return never();
          const batch = this.#take(room, life);
          if (batch.length > 0) return batch;
          await this.#clock.sleep(50);
        }
        return [];
      },
      close: () => Promise.resolve(),
    };
  }

  #take(room: Demand, life: Life): Delivery[] {
    const batch: Delivery[] = [];
    const most = this.#trickles > 0 ? 3 : 20;
    this.#trickles = Math.max(0, this.#trickles - 1);
    const size = 1 + this.#clock.pick(Math.min(room.messages, most));
    for (; batch.length < size && this.#next < this.frames.length; this.#next += 1) {
      const frame = this.frames[this.#next];
      if (frame === undefined || this.#settled.has(this.#next) || this.#lent.has(this.#next)) continue;
      batch.push(this.#lend(frame, this.#next, life));
    }
    this.open += batch.length;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    return batch;
  }

  #lend(frame: Frame, position: number, life: Life): Delivery {
    const wasSeen = this.#seen.has(position);
    this.#seen.add(position);
    this.#lent.add(position);
    return {
      id: `s:${position}`,
      frame,
      attempt: this.#isTelling ? (wasSeen ? 2 : 1) : undefined,
      settle: (outcome) => {
        if (life.isOver) return;
        this.open -= 1;
        this.#lent.delete(position);
        if (outcome.kind === 'release') return;
        this.#settled.add(position);
        this.#recent.push(position);
      },
    };
  }
}

/** The sink as one life sees it: what a dead process sends goes nowhere. */
export function sinkOf(life: Life, sink: Sink): Sink {
  return {
    get maxInFlight() {
      return sink.maxInFlight;
    },
    send: (frame) => (life.isOver ? never() : sink.send(frame)),
    ...(sink.sendTo !== undefined && {
      sendTo: (frame, result) => void (life.isOver || sink.sendTo?.(frame, result)),
    }),
    close: () => Promise.resolve(),
  };
}

/** the processed ids whose writes take their time, fail now and then, and are lost with the process until they are durable. */
export class SimulatedProcessedIds {
  readonly #clock: VirtualClock;
  readonly #durable: ProcessedId[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  processedIds(life: Life): ProcessedIds {
    const known = new Set(this.#durable.map(({ id }) => id));
    const sequences = new Map<string, number>();
    for (const { lane, sequence } of this.#durable) {
      if (lane === undefined || sequence === undefined) continue;
      sequences.set(lane, Math.max(sequence, sequences.get(lane) ?? sequence));
    }
    return {
      addedAtMs: (id) => (known.has(id) ? 0 : undefined),
      add: async (entry) => {
        known.add(entry.id);
        await this.#clock.sleep(this.#clock.pick(20));
        if (life.isOver) return never();
        if (this.#clock.pick(50) === 0) throw new SluiceError('STATE_UNUSABLE', 'the disk is full');
        this.#durable.push(entry);
        return undefined;
      },
      sequences: () => sequences,
    };
  }
}
