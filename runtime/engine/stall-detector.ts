import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';

/** Unsettled deliveries of a route, by what they wait for. */
export interface Waiting {
  readonly sink: number;
  /** Functions, and pauses before they are tried again. */
  readonly stages: number;
  readonly deadLetters: number;
}

export interface WatchdogSettings {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly counters: Counters;
  readonly waiting: () => Waiting;
  /** What the route waits for, in words; undefined once it moves again. */
  readonly onStall: (stall: string | undefined) => void;
}

/** Looks per limit: a stall is found out at most this part of the limit late. */
const LOOKS = 10;

/**
 * Finds the route that has input and makes no progress: deliveries are held and none has ended for the limit. It only
 * looks at counters, now and then, so that the way of a message does not pay for it. Once `start`, once `stop`.
 */
export class StallDetector {
  readonly #settings: WatchdogSettings;
  #ended = 0;
  #movedAtMs = 0;
  #isStalled = false;
  #cancel: (() => void) | undefined;

  constructor(settings: WatchdogSettings) {
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
export function waitingInWords({ sink, stages, deadLetters }: Waiting): string {
  const sides = [
    [sink, 'the sink'],
    [stages, 'stages'],
    [deadLetters, 'the dead letter store'],
  ] as const;
  return sides
    .filter(([count]) => count > 0)
    .map(([count, side]) => `${side}: ${count}`)
    .join(', for ');
}
