import type { Delivery, Outcome } from '../../runtime/contract/delivery.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import type { Stage } from '../../runtime/contract/stage.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { routeForTest, type RouteParts } from './route-for-test.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A source that yields what is put into it, whatever the room. */
export class ListSource implements Source {
  readonly settled = new Map<string, Outcome['kind']>();
  readonly rooms: Demand[] = [];
  readonly #waiting: Frame[];
  readonly #more: Partial<Delivery>;
  #number = 0;

  constructor(frames: readonly Frame[], more: Partial<Delivery> = {}) {
    this.#waiting = [...frames];
    this.#more = more;
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.rooms.push(room);
    if (signal.aborted) return Promise.resolve([]);
    if (this.#waiting.length === 0) {
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true }));
    }
    const taken: Frame[] = [];
    let bytes = 0;
    for (let next = this.#waiting[0]; next !== undefined && taken.length < room.messages; next = this.#waiting[0]) {
      if (taken.length > 0 && bytes + (next.body?.length ?? 0) > room.bytes) break;
      bytes += next.body?.length ?? 0;
      taken.push(next);
      this.#waiting.shift();
    }
    return Promise.resolve(taken.map((frame) => this.#lend(frame)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lend(frame: Frame): Delivery {
    const id = `s:${(this.#number += 1)}`;
    return { id, frame, attempt: 1, settle: ({ kind }) => this.settled.set(id, kind), ...this.#more };
  }
}

/** A sink that does as `act` says; without it, it confirms. */
export function sinkThat(
  act: (frame: Frame) => Promise<Receipt> = () => Promise.resolve('confirmed'),
): Sink & { readonly sent: Frame[] } {
  const sent: Frame[] = [];
  return {
    sent,
    maxInFlight: 100,
    send(frame) {
      sent.push(frame);
      return act(frame);
    },
    close: () => Promise.resolve(),
  };
}

/** A route at work on `frames`, and all that a test asks of it. */
export function started(frames: readonly Frame[], parts: Partial<RouteParts> = {}) {
  const clock = new VirtualClock(1);
  const source = new ListSource(frames);
  const sink = sinkThat();
  const made = routeForTest({ source, sink, clock, ...parts });
  const route = new RunningRoute(made.route);
  void route.run();
  return { letters: made.letters, route, source, sink, clock, counters: made.route.observers.counters };
}

/** The text of each. */
export function bodies(frames: readonly Frame[]): string[] {
  return frames.map(({ body }) => Buffer.from(body ?? []).toString());
}

/** A stage of a function. */
export function stageThat(run: Stage['run']): Stage {
  return { name: 'function test', run };
}

/** A promise that nobody keeps. */
export const never = (): Promise<never> => new Promise(() => {});
