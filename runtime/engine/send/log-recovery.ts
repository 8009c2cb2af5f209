import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { Log } from '#contract/log.ts';
import type { Receipt, SendResult } from '#contract/send-result.ts';
import type { RecoveredLog } from '#contract/sink.ts';
import type { Clock } from '../clock.ts';
import type { Counters } from '../counters.ts';
import type { FrameSink } from './pipelined-sender.ts';
import type { RecoveredIds } from './recovered-ids.ts';

export interface LogRecoverySettings {
  readonly route: string;
  readonly sink: FrameSink;
  /** `Sink.removesForMs`. */
  readonly removesForMs: number | undefined;
  /** The ids that the log held before this process sent any; undefined where none can come again. */
  readonly atStart: RecoveredIds | undefined;
  /** Reads the newest frames of the route that the sink's log holds; rejects when it cannot now. */
  readonly read: () => Promise<Pick<RecoveredLog, 'ids'>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
}

/**
 * What a sink's log holds already. At the start: frames that an earlier process sent are not sent again. Over outages that
 * last longer than the bus removes duplicates (some never do): a frame that was sent and not confirmed may have arrived.
 * Before it is sent again, the end of the log is read, and frames found there count as confirmed. While no frame is
 * unconfirmed, a frame costs two comparisons. Used by the sender of its sink alone.
 */
export class LogRecovery implements FrameSink {
  /** Only where the sink has one. */
  readonly sendTo?: (frame: Frame, result: SendResult) => void;
  readonly #settings: LogRecoverySettings;
  /** Ids of the frames that were sent and not confirmed. */
  readonly #unconfirmed = new Set<string>();
  #stored: RecoveredLog['ids'] | undefined;
  #stalledAtMs: number | undefined;
  #reading: Promise<void> | undefined;
  /** Whether nothing was sent since the log was read. */
  #isFresh = false;

  constructor(settings: LogRecoverySettings) {
    this.#settings = settings;
    const { sink } = settings;
    if (sink.sendTo === undefined) return;
    this.sendTo = (frame, result) => {
      if (this.#isStored(frame)) queueMicrotask(() => result.confirmed('confirmed'));
      else sink.sendTo?.(frame, result);
    };
  }

  get maxInFlight(): number {
    return this.#settings.sink.maxInFlight;
  }

  /** The frames of a delivery that no earlier process has sent. */
  rest(delivery: Delivery, frames: readonly Frame[]): readonly Frame[] {
    return this.#settings.atStart?.rest(delivery, frames) ?? frames;
  }

  /** Sending stopped, and will resume. `ids`: of the frames that were sent and not confirmed. */
  stopped(ids: Iterable<string>): void {
    for (const id of ids) this.#unconfirmed.add(id);
    this.#stalledAtMs ??= this.#settings.clock.elapsedMs();
  }

  /** The sink confirms again. */
  flows(): void {
    this.#stalledAtMs = undefined;
    this.#isFresh = false;
  }

  /** As `Sink.send`. Throws SINK_DOWN while the log is read. */
  send(frame: Frame): Promise<Receipt> {
    return this.#isStored(frame) ? Promise.resolve('confirmed') : this.#settings.sink.send(frame);
  }

  #isStored(frame: Frame): boolean {
    if (this.#stalledAtMs !== undefined && this.#mustReadFirst(this.#stalledAtMs)) {
      throw new SluiceError('SINK_DOWN', "the end of the sink's log is being read after the outage");
    }
    if (this.#unconfirmed.size > 0 && frame.id !== undefined && this.#unconfirmed.delete(frame.id)) {
      const isStored = this.#holds(frame.id);
      if (this.#unconfirmed.size === 0) this.#stored = undefined;
      if (isStored) {
        this.#settings.counters.alreadyStored += 1;
        return true;
      }
    }
    return false;
  }

  /** That the log held a frame of the id before this process sent any proves nothing. */
  #holds(id: string): boolean {
    return this.#stored?.has(id) === true && this.#settings.atStart?.wasStored(id) !== true;
  }

  #mustReadFirst(stalledAtMs: number): boolean {
    const { clock, removesForMs = 0 } = this.#settings;
    if (this.#reading !== undefined) return true;
    if (this.#unconfirmed.size === 0 || clock.elapsedMs() - stalledAtMs < removesForMs) return false;
    if (this.#isFresh) {
      // Valid for one attempt: a frame of it that is not confirmed may be stored all the same.
      this.#isFresh = false;
      return false;
    }
    this.#reading = this.#readBack().finally(() => {
      this.#reading = undefined;
      this.#isFresh = true;
    });
    return true;
  }

  /** If the log cannot be read, the route goes on without it. */
  async #readBack(): Promise<void> {
    const { read, log, route } = this.#settings;
    try {
      this.#stored = (await read()).ids;
    } catch (thrown) {
      const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
      log.warn('log-recovery-failed', {
        route,
        code,
        text: `${message}: frames that were in flight may be stored twice`,
      });
    }
  }
}
