import type { BusName } from '../../../runtime/advise/needs.ts';

/** A published choice of a bus. Facts and figures are those of the source; the needs are our reading of them. */
export interface Case {
  readonly who: string;
  readonly source: { readonly title: string; readonly publisher: string; readonly year: string; readonly url: string };
  /** What the source says of the need. */
  readonly facts: string;
  /** An item of `needs` in a needs file, without its name. */
  readonly need: string;
  readonly have?: readonly BusName[];
  /** The end that the source speaks of. */
  readonly end: 'producers' | 'consumers';
  readonly chose: BusName;
  /** What the rules say. */
  readonly ours: BusName;
  /** Why both agree, or why they do not. */
  readonly why: string;
}

/** Where a page has no date. */
export const UNDATED = 'no date';
