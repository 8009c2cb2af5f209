/**
 * Milliseconds since 1970 (UTC) by the clock as it stood when the process began, and counted on from there: it does not
 * jump when the clock is set. For durations, never for times that others wrote.
 */
export function monotonicNowMs(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
