import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Log } from '#contract/log.ts';
import type { Receipt, Sink, SinkTail } from '#contract/sink.ts';
import type { Clock } from './clock.ts';

/** The server may be slow, or deny it: then the route goes without. */
const READ_MS = 10_000;

export interface KnownSinkSettings {
  readonly route: string;
  /** With which the ids of the route's frames begin. */
  readonly prefix: string;
  /** What was under way can lie no further back, unless others write between. */
  readonly lookBack: number;
  readonly clock: Clock;
  readonly log: Log;
  /** A frame was found to be there already. */
  readonly onKnown: () => void;
}

/**
 * A sink whose bus is a log: what an earlier process, or a sending whose confirmation was lost, has written there is
 * not written again. The log's end is read before the first frame, and again after an outage that the bus's own
 * removal of duplicates does not outlast. In between a frame costs one comparison.
 */
export class KnownSink implements Sink {
  readonly #sink: Sink;
  readonly #tail: SinkTail;
  readonly #settings: KnownSinkSettings;
  /** Undefined once nothing that was under way can come any more. */
  #known: ReadonlySet<string> | undefined;
  /** Frames until then. */
  #left = 0;
  #stalledAtMs: number | undefined;
  #reading: Promise<void> | undefined;

  constructor(sink: Sink, tail: SinkTail, settings: KnownSinkSettings) {
    this.#sink = sink;
    this.#tail = tail;
    this.#settings = settings;
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  /** Reads the end of the log. Resolves also when that cannot be done, and says so in the log. */
  async readBack(): Promise<void> {
    const { prefix, lookBack, log, route } = this.#settings;
    try {
      const known = await this.#tail.read(prefix, lookBack, AbortSignal.timeout(READ_MS));
      this.#known = known.size === 0 ? undefined : known;
      this.#left = lookBack;
    } catch (thrown) {
      const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
      log.warn('tail-unread', { route, code, text: `${message}; what was under way may be stored twice` });
    }
  }

  /** The sink has ceased to confirm, or confirms again. */
  onFlow(isFlowing: boolean): void {
    if (isFlowing) this.#stalledAtMs = undefined;
    else this.#stalledAtMs ??= this.#settings.clock.nowMs();
  }

  send(frame: Frame): Promise<Receipt> {
    if (this.#stalledAtMs !== undefined && this.#mustReadFirst(this.#stalledAtMs)) {
      throw new SluiceError('SINK_DOWN', 'what arrived before the outage is being read');
    }
    if (this.#known !== undefined) {
      this.#left -= 1;
      // Not forgotten when it is met: what follows it may fail, and both are then sent again.
      if (frame.id !== undefined && this.#known.has(frame.id)) {
        this.#settings.onKnown();
        return Promise.resolve('confirmed');
      }
      if (this.#left <= 0) this.#known = undefined;
    }
    return this.#sink.send(frame);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #mustReadFirst(stalledAtMs: number): boolean {
    const { clock } = this.#settings;
    if (this.#reading !== undefined) return true;
    // What was stored before the first failure was heard of is older than the outage.
    if (clock.nowMs() - stalledAtMs <= this.#tail.removesForMs / 2) return false;
    this.#reading = this.readBack().finally(() => {
      this.#reading = undefined;
      // It counts as answered: the next failure begins another outage.
      this.#stalledAtMs = undefined;
    });
    return true;
  }
}
