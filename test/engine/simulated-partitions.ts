import { CommitCount } from '../../runtime/buses/kafka/source/commit-count.ts';
import type { Delivery } from '../../runtime/contract/delivery.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import type { Life } from './simulated-world.ts';
import type { VirtualClock } from './virtual-clock.ts';

const COMMIT_EVERY_MS = 40;
const never = (): Promise<never> => new Promise(() => {});

/** The time in which one instance has a partition. */
interface Tenure {
  readonly partition: number;
  readonly reader: PartitionReader;
  /** Resolves when it is over. */
  readonly ended: PromiseWithResolvers<void>;
  isOver: boolean;
  /** Of the next frame of the log to look at. */
  next: number;
}

interface Settlement {
  readonly position: number;
  readonly tenure: Tenure;
}

/**
 * A log in partitions that instances share. Each partition is one instance's until it is divided anew, and the next one is given
 * what no commit of those before has told to be settled.
 */
export class SimulatedPartitions {
  readonly frames: readonly Frame[];
  readonly #clock: VirtualClock;
  readonly #partitionOf: (frame: Frame) => number;
  readonly #tenures = new Map<number, Tenure>();
  readonly #durable = new Set<number>();
  readonly #count: number;

  constructor(clock: VirtualClock, frames: readonly Frame[], count: number) {
    this.#clock = clock;
    this.frames = frames;
    this.#count = count;
    this.#partitionOf = ({ address }) => Buffer.from(address).reduce((sum, byte) => sum + byte, 0) % count;
  }

  get isEmpty(): boolean {
    return this.#durable.size === this.frames.length;
  }

  reader(life: Life): PartitionReader {
    return new PartitionReader(this.#clock, life, this);
  }

  /** Gives each partition to one of these; who loses one has messages of it under way still. */
  divide(readers: readonly PartitionReader[]): void {
    for (let partition = 0; partition < this.#count; partition += 1) {
      const before = this.#tenures.get(partition);
      const reader = readers[this.#clock.pick(readers.length)];
      if (reader === undefined || before?.reader === reader) continue;
      if (before !== undefined) {
        before.isOver = true;
        before.ended.resolve();
      }
      this.#tenures.set(partition, {
        partition,
        reader,
        ended: Promise.withResolvers(),
        isOver: false,
        next: 0,
      });
    }
  }

  /** The next frames for a reader, in the order of the log. */
  take(reader: PartitionReader, most: number): (Settlement & { readonly frame: Frame })[] {
    const taken: (Settlement & { readonly frame: Frame })[] = [];
    for (const tenure of this.#tenures.values()) {
      if (tenure.reader !== reader) continue;
      for (; taken.length < most && tenure.next < this.frames.length; tenure.next += 1) {
        const frame = this.frames[tenure.next];
        if (frame === undefined || this.#durable.has(tenure.next)) continue;
        if (this.#partitionOf(frame) === tenure.partition) taken.push({ frame, position: tenure.next, tenure });
      }
    }
    return taken;
  }

  /** A commit arrives. What is of an earlier division counts for nothing. */
  commit(settled: readonly Settlement[]): void {
    for (const { position, tenure } of settled) if (!tenure.isOver) this.#durable.add(position);
  }
}

/** The partitions as one instance reads them. */
export class PartitionReader implements Source {
  readonly #clock: VirtualClock;
  readonly #life: Life;
  readonly #log: SimulatedPartitions;
  readonly #commits = new CommitCount();
  #settled: Settlement[] = [];
  #isCommitting = false;
  #isDue = false;

  constructor(clock: VirtualClock, life: Life, log: SimulatedPartitions) {
    this.#clock = clock;
    this.#life = life;
    this.#log = log;
  }

  async read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (this.#clock.pick(3) === 0) await this.#clock.sleep(this.#clock.pick(30));
    while (!signal.aborted) {
      if (this.#life.isOver) return never();
      const taken = this.#log.take(this, 1 + this.#clock.pick(Math.min(room.messages, 20)));
      if (taken.length > 0) return taken.map(({ frame, position, tenure }) => this.#lend(frame, { position, tenure }));
      await this.#clock.sleep(20);
    }
    return [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lend(frame: Frame, settlement: Settlement): Delivery {
    const { tenure, position } = settlement;
    const commits = this.#commits;
    const committing = (): Promise<void> => this.#commitIn(0);
    let number = 0;
    return {
      id: `s:${position}`,
      frame,
      attempt: undefined,
      shared: {
        mayBeRepeat: true,
        get isRevoked() {
          return tenure.isOver;
        },
        get isDurable() {
          return tenure.isOver || commits.isConfirmed(number);
        },
        whenDurable() {
          void committing();
          return Promise.race([commits.whenConfirmed(number), tenure.ended.promise]);
        },
      },
      settle: ({ kind }) => {
        if (this.#life.isOver || kind === 'release') return;
        number = commits.next;
        this.#settled.push(settlement);
        void this.#commitIn(COMMIT_EVERY_MS);
      },
    };
  }

  async #commitIn(ms: number): Promise<void> {
    this.#isDue = true;
    await this.#clock.sleep(ms);
    if (this.#isCommitting || !this.#isDue || this.#life.isOver) return;
    this.#isCommitting = true;
    this.#isDue = false;
    const number = this.#commits.begin();
    const settled = [...this.#settled];
    await this.#clock.sleep(this.#clock.pick(15));
    // What a process sent before it was killed arrives, or does not.
    if (!this.#life.isOver || this.#clock.pick(2) === 0) this.#log.commit(settled);
    await this.#clock.sleep(this.#clock.pick(15));
    if (this.#life.isOver) return;
    this.#settled = this.#settled.slice(settled.length);
    this.#commits.confirm(number);
    this.#isCommitting = false;
    if (this.#isDue) await this.#commitIn(0);
  }
}
