import type { Source } from '#contract/source.ts';
import type { SourceLag } from '#contract/source-lag.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { Clock } from '../engine/clock.ts';

/** A bus is asked so often. */
const EVERY_MS = 3000;
const DEADLINE_MS = 2000;
/** What is older is not known any more. */
const OLD_MS = 15_000;
/** With more parts than this, only their sum by stream, queue or topic is kept: each part is a series. */
const MOST_PARTS = 500;

/**
 * Asks the bus of a source at intervals how far it is behind. Neither a message nor a reader of metrics waits for that: both see the last
 * answer. A bus that does not answer is not asked again before it has.
 */
export class LagWatch {
  readonly #source: Pick<Source, 'lag'>;
  readonly #clock: Pick<Clock, 'elapsedMs' | 'after'>;
  #known: { readonly lag: readonly SourceLag[]; readonly atMs: number } | undefined;
  #cancel: (() => void) | undefined;
  #isOver = false;

  constructor(source: Pick<Source, 'lag'>, clock: Pick<Clock, 'elapsedMs' | 'after'>) {
    this.#source = source;
    this.#clock = clock;
  }

  /** The last answer; empty where the bus counts nothing, or the answer is old. */
  get lag(): readonly SourceLag[] {
    const isNew = this.#known !== undefined && this.#clock.elapsedMs() - this.#known.atMs < OLD_MS;
    return isNew ? (this.#known?.lag ?? []) : [];
  }

  start(): void {
    if (this.#source.lag !== undefined) void this.#ask();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel?.();
  }

  async #ask(): Promise<void> {
    const asked = this.#source.lag?.() ?? Promise.resolve([]);
    try {
      const lag = await withDeadline(asked, DEADLINE_MS, () => new Error('no answer'));
      this.#known = { lag: bounded(lag), atMs: this.#clock.elapsedMs() };
    } catch {
      // Nothing is known then; that the bus is away is told elsewhere.
      await asked.catch(() => {});
    }
    if (!this.#isOver) this.#cancel = this.#clock.after(EVERY_MS, () => void this.#ask());
  }
}

function bounded(lag: readonly SourceLag[]): readonly SourceLag[] {
  if (lag.length <= MOST_PARTS) return lag;
  const byDestination = Map.groupBy(lag, ({ destination }) => destination);
  return [...byDestination].map(([destination, parts]) => ({
    destination,
    messages: sumOf(parts.map(({ messages }) => messages)),
    oldestAtMs: oldestOf(parts.map(({ oldestAtMs }) => oldestAtMs)),
  }));
}

/** Undefined where one of them is: a part that is unknown makes the sum unknown. */
function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const count of counts) {
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

function oldestOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
