import { durationMs } from '#kit/quantity.ts';
import { RehearsalError } from './rehearsal-error.ts';

/** A duration as pipeline files have it. Throws RehearsalError. */
export function durationOf(text: string): number {
  const ms = /^\d+(ms|s|m|h|d)$/.test(text) ? durationMs(text) : Number.NaN;
  if (Number.isSafeInteger(ms)) return ms;
  throw new RehearsalError(`expected a duration such as 250ms, 30s, 5m, 1h or 7d, found ${text}`);
}
