/** Bounds of a log or queue; undefined: none. */
export interface Bounds {
  readonly messages: number | undefined;
  readonly bytes: number | undefined;
}

/** What comes in. */
export interface Inflow {
  readonly perSecond: number;
  /** Of a message; undefined: unknown. */
  readonly meanBytes: number | undefined;
}

/** How long a log or queue of these bounds takes what comes before it removes or refuses something; undefined: it cannot be told. */
export function holdsForMs({ messages, bytes }: Bounds, inflow: Inflow | undefined): number | undefined {
  if (messages === undefined && bytes === undefined) return Number.POSITIVE_INFINITY;
  if (inflow === undefined || inflow.perSecond <= 0) return undefined;
  const { perSecond, meanBytes } = inflow;
  if (bytes !== undefined && meanBytes === undefined) return undefined;
  const byCount = messages === undefined ? Number.POSITIVE_INFINITY : messages / perSecond;
  const bySize = bytes === undefined ? Number.POSITIVE_INFINITY : bytes / (perSecond * (meanBytes ?? 1));
  return Math.min(byCount, bySize) * 1000;
}
