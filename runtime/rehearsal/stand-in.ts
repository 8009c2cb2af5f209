import type { Guarantees } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import type { Activity } from './activity.ts';
import { StandInLog } from './stand-in-log.ts';
import type { StandInTime } from './virtual-time.ts';

/** A sink of a process, which is told of outages. */
export interface Client {
  up(): void;
  down(): void;
}

/** A sink that is wrong on purpose, to test the checker of promises: it confirms what it does not store. */
export type SinkFlaw = 'loses';

export interface StoreUse {
  readonly route: string;
  readonly isLetter: boolean;
  readonly guarantees: Guarantees;
}

export interface StandInSettings {
  readonly connection: string;
  readonly time: StandInTime;
  readonly startMs: number;
  readonly activity: Activity;
  /** Counts the frames of all stand-ins. */
  readonly ordered: () => number;
  /** Called with each frame that was stored: a route of the file may read it. */
  readonly onStored: (frame: Frame) => void;
  readonly flaw?: SinkFlaw | undefined;
}

/** What stands for the bus behind one connection of the file, as its sinks see it. It outlives the processes. */
export class StandIn {
  readonly log: StandInLog;
  readonly #settings: StandInSettings;
  readonly #clients = new Set<Client>();
  readonly #open = new Set<(error: SluiceError) => void>();
  #isDown = false;
  #delayMs = 0;
  #fault: ((frame: Frame) => string | undefined) | undefined;

  constructor(settings: StandInSettings) {
    this.#settings = settings;
    this.log = new StandInLog(() => settings.time.nowMs);
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  attach(client: Client): () => void {
    this.#clients.add(client);
    if (!this.#isDown) client.up();
    return () => {
      this.#clients.delete(client);
    };
  }

  down(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#settings.activity.happened();
    const open = [...this.#open];
    this.#open.clear();
    for (const fail of open) fail(this.#away());
    for (const client of this.#clients) client.down();
  }

  up(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#settings.activity.happened();
    for (const client of this.#clients) client.up();
  }

  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** `fault` returns why the bus refuses a frame for good; undefined ends it. */
  reject(fault: ((frame: Frame) => string | undefined) | undefined): void {
    this.#fault = fault;
  }

  refusal(frame: Frame): SluiceError | undefined {
    if (this.#isDown) return this.#away();
    const reason = this.#fault?.(frame);
    return reason === undefined ? undefined : new SluiceError('SINK_REFUSED', reason);
  }

  store(frame: Frame, { route, isLetter, guarantees }: StoreUse): Receipt {
    const { time, connection, activity, onStored, flaw } = this.#settings;
    activity.happened();
    if (flaw === 'loses' && this.log.stored.length % 3 === 2) return 'confirmed';
    const order = this.#settings.ordered();
    const receipt = this.log.store(
      { frame, sink: connection, route, isLetter, atMs: time.passedMs, order },
      guarantees,
    );
    if (receipt === 'confirmed') onStored(frame);
    return receipt;
  }

  recover(query: RecoveryQuery, guarantees: Guarantees): RecoveredLog {
    return this.log.recover(query, guarantees, this.#settings.startMs);
  }

  /** Resolves when the confirmation of a frame arrives; rejects where the connection is lost before. */
  confirmation(): Promise<void> | undefined {
    if (this.#delayMs === 0) return undefined;
    return new Promise((resolve, reject) => {
      const fail = (error: SluiceError): void => {
        cancel();
        reject(error);
      };
      const cancel = this.#settings.time.after(this.#delayMs, () => {
        this.#open.delete(fail);
        this.#settings.activity.happened();
        resolve();
      });
      this.#open.add(fail);
    });
  }

  #away(): SluiceError {
    return new SluiceError('SINK_DOWN', `the stand-in of ${this.#settings.connection} is down`);
  }
}
