import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Log } from '#contract/log.ts';
import type { Receipt, Sink, RecoveredLog } from '#contract/sink.ts';
import type { Clock } from './clock.ts';

export interface LogRecoverySinkSettings {
  readonly route: string;
  /** Reads the newest frames of the route that the sink's log holds; rejects when it cannot now. */
  readonly read: () => Promise<Pick<RecoveredLog, 'ids'>>;
  readonly clock: Clock;
  readonly log: Log;
  /** A frame whose confirmation was lost is there. */
  readonly onAlreadyStored: () => void;
}

/**
 * A sink whose bus is a log, over outages that outlast the bus's own removal of duplicates (which may be none): of frames
 * that were sent and not confirmed nobody knows whether they arrived. Before one of them is sent again the end of the log
 * is read, and what is there counts as confirmed. While nothing is in doubt a frame costs two comparisons.
 */
export class LogRecoverySink implements Sink {
  readonly #sink: Sink;
  readonly #settings: LogRecoverySinkSettings;
  /** Ids of what was sent and not confirmed. */
  readonly #doubts = new Set<string>();
  #known: ReadonlyMap<string, number> | undefined;
  #stalledAtMs: number | undefined;
  #reading: Promise<void> | undefined;
  /** Nothing was sent since the log was read. */
  #isFresh = false;

  constructor(sink: Sink, settings: LogRecoverySinkSettings) {
    this.#sink = sink;
    this.#settings = settings;
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  /** These were sent and failed. Said each time that sending stops, before it begins again. */
  unconfirmed(ids: Iterable<string>): void {
    for (const id of ids) this.#doubts.add(id);
  }

  /** The sink has ceased to confirm, or confirms again. */
  onFlow(isFlowing: boolean): void {
    if (isFlowing) {
      this.#stalledAtMs = undefined;
      this.#isFresh = false;
    } else this.#stalledAtMs ??= this.#settings.clock.elapsedMs();
  }

  send(frame: Frame): Promise<Receipt> {
    if (this.#stalledAtMs !== undefined && this.#mustReadFirst(this.#stalledAtMs)) {
      throw new SluiceError('SINK_DOWN', 'what arrived before the outage is being read');
    }
    if (this.#doubts.size > 0 && frame.id !== undefined && this.#doubts.delete(frame.id)) {
      const isKnown = this.#known?.has(frame.id) === true;
      if (this.#doubts.size === 0) this.#known = undefined;
      if (isKnown) {
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
    if (this.#doubts.size === 0 || clock.elapsedMs() - stalledAtMs < (this.#sink.removesForMs ?? 0)) return false;
    if (this.#isFresh) {
      // For one try: if that is not confirmed either, it may be there all the same.
      this.#isFresh = false;
      return false;
    }
    this.#reading = this.#readBack().finally(() => {
      this.#reading = undefined;
      this.#isFresh = true;
    });
    return true;
  }

  /** A log that cannot be read is done without: the route must go on. */
  async #readBack(): Promise<void> {
    const { read, log, route } = this.#settings;
    try {
      this.#known = (await read()).ids;
    } catch (thrown) {
      const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
      log.warn('log-recovery-failed', { route, code, text: `${message}: what was under way may be stored twice` });
    }
  }
}
