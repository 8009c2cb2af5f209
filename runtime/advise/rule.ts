import type { BusName, Need, Side } from './needs.ts';

/** One end of one need: the question is which bus stands there. */
export interface Place {
  readonly need: Need;
  readonly end: 'producers' | 'consumers';
  readonly side: Side;
  readonly have: readonly BusName[];
}

/** Points for a bus, or `never`: the bus cannot do what is asked. */
export type Weight = number | 'never';
type Verdict = readonly [weight: Weight, why: string];

/** One row of the table: a condition in words and in code, and what it means for each bus. A bus that is not named gets nothing. */
export interface Rule extends Partial<Readonly<Record<BusName, Verdict>>> {
  /** Follows "where". */
  readonly where: string;
  readonly holds: (place: Place) => boolean;
}
