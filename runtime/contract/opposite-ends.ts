/** Options of an end, in the words of a pipeline file. */
type Words = Readonly<Record<string, unknown>>;

/** The data of a route's source from which a sink that feeds it is made. */
export interface SourceSide {
  /** Level of the address that the route takes its key from. Undefined: the key is somewhere else. */
  readonly keyLevel: number | undefined;
  /** An address that the filter matches: `{key}` in its level, and a fixed word for each other wildcard. */
  readonly addressUnder: (filter: string) => string;
  /** The address that is wanted, where it is known: also where the source's options do not determine one. */
  readonly address?: string | undefined;
}

/** The data of a route's sink from which a source that reads from it is made. */
export interface SinkSide {
  /** Template of the address that the sink writes to. */
  readonly address: string;
  /** The filter that matches every address made from the template. */
  readonly filter: string;
  readonly nowMs: number;
}

/**
 * The ends on the other side of a route's own: `sluice verify` publishes where the route reads, and reads where it writes.
 * Each returns the options of such an end, or the reason why the route's options do not suffice.
 */
export interface OppositeEnds<From, To> {
  sink(from: From, side: SourceSide): Words | string;
  source(to: To, side: SinkSide): Words | string;
}
