/**
 * Milliseconds since 1970 (UTC) by the clock as it stood when the process began, and counted on from there: it does not
 * jump when somebody sets the clock. For what lasts a while, never for what others wrote down.
 */
export function steadyNowMs(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
