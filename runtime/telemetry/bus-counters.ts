import type { BusContext } from '#contract/bus.ts';
import type { Disconnects, Losses, Notices } from './route-numbers.ts';

type Direction = BusContext['direction'];

/** Counts the connection events of a route's ends. */
export class BusCounters {
  readonly disconnects: Disconnects = {
    source: { lost: 0, renewed: 0 },
    sink: { lost: 0, renewed: 0 },
    'dead-letters': { lost: 0, renewed: 0 },
  };
  readonly #notices: Record<Direction, Map<string, number>> = {
    source: new Map(),
    sink: new Map(),
    'dead-letters': new Map(),
  };
  readonly #losses = new Map<string, Losses>();

  get notices(): Notices {
    return this.#notices;
  }

  /** By code. */
  get losses(): ReadonlyMap<string, Losses> {
    return this.#losses;
  }

  /** `isRenewed`: the driver gave up a connection that was open. */
  disconnected(end: Direction, isRenewed: boolean): void {
    this.disconnects[end][isRenewed ? 'renewed' : 'lost'] += 1;
  }

  noticed(end: Direction, code: string): void {
    const counts = this.#notices[end];
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }

  /** `count`: the number of lost messages; undefined where it is unknown. */
  lost(code: string, count: number | undefined): void {
    const { known, unknown, messages } = this.#losses.get(code) ?? { known: 0, unknown: 0, messages: 0 };
    const isKnown = count !== undefined;
    this.#losses.set(code, {
      known: known + Number(isKnown),
      unknown: unknown + Number(!isKnown),
      messages: messages + (count ?? 0),
    });
  }
}
