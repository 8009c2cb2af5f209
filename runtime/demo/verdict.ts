import type { RouteFigures } from './scene-text.ts';
import type { Tally } from './dead-letter-tally.ts';

/** The demo's numbers from both ends of the bridge, once everything is at rest. */
export interface Evidence {
  readonly reported: number;
  readonly tracks: number;
  /** Tracks with a label that the core may not hold. */
  readonly forbidden: number;
  readonly ordersGiven: number;
  readonly ordersReceived: number;
  readonly routes: readonly (RouteFigures & {
    readonly dropped: number;
    readonly superseded: number;
  })[];
  readonly tallies: readonly Tally[];
}

/** The figures that do not add up, in words; empty when all is accounted for. */
export function imbalances(evidence: Evidence): readonly string[] {
  const wrong: string[] = [];
  const same = (what: string, expected: number, found: number): void => {
    if (expected !== found) wrong.push(`${what}: expected ${expected}, found ${found}`);
  };
  for (const route of evidence.routes) {
    const ended =
      route.delivered + route.dropped + route.superseded + route.expired + route.deadLettered + route.blocked;
    // Invariant 3.
    same(`${route.route}: accepted`, ended + route.held, route.accepted);
    same(`${route.route}: held at the end`, 0, route.held);
  }
  const of = (name: string): number => evidence.routes.find(({ route }) => route === name)?.accepted ?? 0;
  const delivered = (name: string): number => evidence.routes.find(({ route }) => route === name)?.delivered ?? 0;
  same('reports that the fleet sent and the bridge took', evidence.reported, of('positions'));
  same('tracks that the bridge delivered and the core saw', delivered('positions'), evidence.tracks);
  same('tracks that the core saw and may not hold', 0, evidence.forbidden);
  same('orders that the core gave and the bridge took', evidence.ordersGiven, of('orders'));
  same('orders that the bridge delivered and the fleet saw', delivered('orders'), evidence.ordersReceived);
  return wrong;
}
