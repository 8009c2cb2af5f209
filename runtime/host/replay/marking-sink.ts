import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';

/** What a sink that removes duplicates by id did with a replay. */
export interface SinkTally {
  /** Frames of which the bus said that it held the id already. */
  duplicates: number;
}

/**
 * Marks each frame as one of a replay. What a guard released keeps its own headers. It has no log recovery: the frames of the first
 * run are in the sink's log, and would end as repeated.
 */
export class MarkingSink implements Sink {
  readonly #sink: Sink;
  readonly #tally: SinkTally;

  constructor(sink: Sink, tally: SinkTally) {
    this.#sink = sink;
    this.#tally = tally;
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  async send(frame: Frame): Promise<Receipt> {
    const receipt = await this.#sink.send(marked(frame));
    if (receipt === 'duplicate') this.#tally.duplicates += 1;
    return receipt;
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}

export function marked(frame: Frame): Frame {
  if (frame.sealed === true) return frame;
  return { ...frame, headers: new Map([...frame.headers, ['replayed', ['yes']]]) };
}
