import { RELEASE, type Delivery } from '#contract/delivery.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Demand } from '#contract/source.ts';
import { Signal } from '#kit/signal.ts';
import { SwapSet } from '#kit/swap-set.ts';
import { unread } from './admit/read-frame.ts';
import { AdaptiveWindow } from './adaptive-window.ts';
import { type InFlight, SETTLED, type State, UNREAD } from './in-flight.ts';
import type { Route } from './route-parts.ts';
import type { WindowFill } from '../telemetry/route-numbers.ts';

/** A full window in which nothing was settled for so long grows. */
const STUCK_MS = 100;

/** The deliveries that are read and not settled: no more than the window (invariant 4), which adapts below its bound. One caller waits at a time. */
export class Unsettled {
  readonly #route: Route;
  readonly #inFlight = new SwapSet<InFlight>();
  readonly #window: AdaptiveWindow;
  #bytes = 0;
  /** While the window is full and nothing is read: since when, by `Clock.elapsedMs`. */
  #pausedAtMs: number | undefined;
  #pauses = 0;
  #pausedMs = 0;
  readonly #opened = new Signal();
  #idle: (() => void) | undefined;

  constructor(route: Route) {
    this.#route = route;
    const { window, trafficClass } = route.policy;
    // One message of a key is in flight: a crash repeats no more than that, and while the sink is away and nothing is settled, all
    // keys need room.
    const first = CLASSES[trafficClass].oneAtATime ? (window.slowMessages ?? window.messages) : undefined;
    this.#window = new AdaptiveWindow(window, route.observers.clock.elapsedMs(), first);
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /** How much may still be read; undefined when the window is full. The last frame may exceed the bytes, never the messages. */
  demand(): Demand | undefined {
    const { policy, observers } = this.#route;
    this.#window.look(this.#inFlight.size, observers.clock.elapsedMs());
    const messages = this.#window.messages - this.#inFlight.size;
    const bytes = policy.window.bytes - this.#bytes;
    return messages > 0 && bytes > 0 ? { messages, bytes } : undefined;
  }

  /** Resolves when there may be room: something was settled, or the window has grown. Or `signal` aborts. */
  async opened(signal: AbortSignal): Promise<void> {
    const { clock } = this.#route.observers;
    this.#pauses += 1;
    this.#pausedAtMs = clock.elapsedMs();
    const cancel = this.#window.mayGrow
      ? clock.after(STUCK_MS, () => {
          this.#window.stuck();
          this.#opened.now();
        })
      : undefined;
    await this.#opened.wait(signal);
    cancel?.();
    this.#pausedMs = this.#pausedSoFarMs();
    this.#pausedAtMs = undefined;
  }

  /** `nowMs`: the time of the read. `takenAtMs`: the same by `Clock.elapsedMs`, see InFlight. */
  take(delivery: Delivery, nowMs: number, takenAtMs = 0): InFlight {
    const { counters } = this.#route.observers;
    counters.accepted += 1;
    counters.held += 1;
    const inFlight: InFlight = {
      envelope: unread(this.#route, delivery, nowMs),
      state: UNREAD,
      takenAtMs,
      members: undefined,
      place: 0,
    };
    this.#bytes += inFlight.envelope.bytes;
    this.#inFlight.add(inFlight);
    return inFlight;
  }

  /** It was settled. */
  leave(inFlight: InFlight): void {
    this.#inFlight.delete(inFlight);
    this.#bytes -= inFlight.envelope.bytes;
    this.#window.settled();
    this.#opened.now();
    if (this.#inFlight.size === 0) this.#idle?.();
  }

  /** Costs as much as the window holds: to be asked once a second, not for each message. */
  fill(): WindowFill {
    const { policy, observers } = this.#route;
    let oldestAtMs = Infinity;
    for (const { envelope } of this.#inFlight.all()) {
      // A replayed letter came long ago and was away since then.
      if (envelope.delivery.replay === undefined && envelope.receivedAtMs < oldestAtMs)
        oldestAtMs = envelope.receivedAtMs;
    }
    return {
      messages: this.#inFlight.size,
      messageLimit: this.#window.messages,
      mostMessages: policy.window.messages,
      bytes: this.#bytes,
      byteLimit: policy.window.bytes,
      oldestAgeMs: oldestAtMs === Infinity ? undefined : Math.max(0, observers.clock.nowMs() - oldestAtMs),
      isPaused: this.#pausedAtMs !== undefined,
      pauses: this.#pauses,
      pausedMs: this.#pausedSoFarMs(),
    };
  }

  #pausedSoFarMs(): number {
    if (this.#pausedAtMs === undefined) return this.#pausedMs;
    return this.#pausedMs + this.#route.observers.clock.elapsedMs() - this.#pausedAtMs;
  }

  /** How many of them are at this place of the line. */
  count(at: State['at']): number {
    return this.#inFlight.count(({ state }) => state.at === at);
  }

  /** Resolves once nothing is unsettled, or the deadline has passed. */
  idle(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#inFlight.size === 0) return resolve();
      const cancel = this.#route.observers.clock.after(deadlineMs, resolve);
      this.#idle = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Releases all of them to the source. */
  release(): void {
    for (const inFlight of this.#inFlight.all()) {
      this.#inFlight.delete(inFlight);
      inFlight.state = SETTLED;
      this.#route.observers.counters.released += 1;
      inFlight.envelope.trace?.end('released');
      inFlight.envelope.delivery.settle(RELEASE);
    }
  }
}
