import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Log } from '#contract/log.ts';
import type { Receipt, Sink, RecoveredLog } from '#contract/sink.ts';
import type { Clock } from '../clock.ts';

export interface LogRecoverySinkSettings {
  readonly route: string;
  /** Reads the newest frames of the route that the sink's log holds; rejects when it cannot now. */
  readonly read: () => Promise<Pick<RecoveredLog, 'ids'>>;
  /** Whether the log held a frame of that id before this process sent any: then that it holds one proves nothing. */
  readonly wasStored: (id: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when a frame whose confirmation was lost is found in the log. */
  readonly onAlreadyStored: () => void;
}

/**
 * A sink whose bus is a log, over outages that last longer than the bus removes duplicates (some never do). A frame that
 * was sent and not confirmed may have arrived. Before it is sent again, the end of the log is read, and frames found
 * there count as confirmed. While no frame is unconfirmed, a frame costs two comparisons.
 */
export class LogRecoverySink implements Sink {
  readonly #sink: Sink;
  readonly #settings: LogRecoverySinkSettings;
  /** Ids of the frames that were sent and not confirmed. */
  readonly #unconfirmed = new Set<string>();
  #stored: RecoveredLog['ids'] | undefined;
  #stalledAtMs: number | undefined;
  #reading: Promise<void> | undefined;
  /** Whether nothing was sent since the log was read. */
  #isFresh = false;

  constructor(sink: Sink, settings: LogRecoverySinkSettings) {
    this.#sink = sink;
    this.#settings = settings;
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  /** Takes the ids of frames that were sent and failed. Called each time that sending stops, before it resumes. */
  unconfirmed(ids: Iterable<string>): void {
    for (const id of ids) this.#unconfirmed.add(id);
  }

  /** Called when the sink stops confirming, and when it confirms again. */
  onFlow(isFlowing: boolean): void {
    if (isFlowing) {
      this.#stalledAtMs = undefined;
      this.#isFresh = false;
    } else this.#stalledAtMs ??= this.#settings.clock.elapsedMs();
  }

  send(frame: Frame): Promise<Receipt> {
    if (this.#stalledAtMs !== undefined && this.#mustReadFirst(this.#stalledAtMs)) {
      throw new SluiceError('SINK_DOWN', "the end of the sink's log is being read after the outage");
    }
    if (this.#unconfirmed.size > 0 && frame.id !== undefined && this.#unconfirmed.delete(frame.id)) {
      const isStored = this.#stored?.has(frame.id) === true && !this.#settings.wasStored(frame.id);
      if (this.#unconfirmed.size === 0) this.#stored = undefined;
      if (isStored) {
        this.#settings.onAlreadyStored();
        return Promise.resolve('confirmed');
      }
    }
    return this.#sink.send(frame);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #mustReadFirst(stalledAtMs: number): boolean {
    const { clock } = this.#settings;
    if (this.#reading !== undefined) return true;
    if (this.#unconfirmed.size === 0 || clock.elapsedMs() - stalledAtMs < (this.#sink.removesForMs ?? 0)) return false;
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
