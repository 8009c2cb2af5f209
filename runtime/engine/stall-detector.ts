import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';

/** Unsettled deliveries of a route, by the thing that they wait for. */
export interface WaitCounts {
  readonly sink: number;
  /** Functions, and delays before their next attempt. */
  readonly stages: number;
  readonly deadLetters: number;
  /** The state folder: ids of processed messages. */
  readonly ids: number;
}

export interface StallDetectorSettings {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly counters: Counters;
  readonly waiting: () => WaitCounts;
  /** Called with a text of what the route waits for; with undefined once it makes progress again. */
  readonly onStall: (stall: string | undefined) => void;
}

/** Checks per limit: a stall is detected at most this fraction of the limit late. */
const LOOKS = 10;

/**
 * Detects a route that has input and makes no progress: deliveries are held and none has ended for the limit. It reads
 * the counters by a timer, so a message costs nothing more. `start` is called once, `stop` once.
 */
export class StallDetector {
  readonly #settings: StallDetectorSettings;
  #ended = 0;
  #movedAtMs = 0;
  #isStalled = false;
  #cancel: (() => void) | undefined;

  constructor(settings: StallDetectorSettings) {
    this.#settings = settings;
  }

  start(): void {
    this.#movedAtMs = this.#settings.clock.elapsedMs();
    this.#lookAgain();
  }

  stop(): void {
    this.#cancel?.();
  }

  #lookAgain(): void {
    const { clock, limitMs } = this.#settings;
    this.#cancel = clock.after(Math.ceil(limitMs / LOOKS), () => {
      this.#look();
      this.#lookAgain();
    });
  }

  #look(): void {
    const { clock, limitMs, counters, waiting, onStall } = this.#settings;
    const ended = counters.accepted - counters.held;
    if (counters.held === 0 || ended !== this.#ended) {
      this.#ended = ended;
      this.#movedAtMs = clock.elapsedMs();
      if (this.#isStalled) onStall(undefined);
      this.#isStalled = false;
      return;
    }
    const restedMs = clock.elapsedMs() - this.#movedAtMs;
    if (restedMs < limitMs) return;
    this.#isStalled = true;
    onStall(`no progress for ${Math.round(restedMs / 1000)} s, waiting for ${waitingInWords(waiting())}`);
  }
}

/** `the sink: 12, for stages: 3`; empty where nothing waits. */
export function waitingInWords({ sink, stages, deadLetters, ids }: WaitCounts): string {
  const sides = [
    [sink, 'the sink'],
    [stages, 'stages'],
    [deadLetters, 'the dead letter store'],
    [ids, 'the state folder'],
  ] as const;
  return sides
    .filter(([count]) => count > 0)
    .map(([count, side]) => `${side}: ${count}`)
    .join(', for ');
}
