/** The delays between attempts. */
export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * Capped exponential with jitter: the delay before attempt `failures + 1` lies between half of
 * `min(capMs, firstMs * 2^(failures - 1))` and all of it. `random` returns [0, 1).
 */
export function backoffMs({ firstMs, capMs }: Backoff, failures: number, random: () => number = Math.random): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (full / 2) * random();
}
