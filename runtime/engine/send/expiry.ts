import { SluiceError } from '#contract/errors.ts';
import type { Clock } from '../clock.ts';

/** Invariant 8: an expired message is never sent. */
export function isExpired({ expiresAtMs }: { readonly expiresAtMs: number | undefined }, clock: Clock): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= clock.nowMs();
}

export function expired(): SluiceError {
  return new SluiceError('EXPIRED', 'expired before it could be sent');
}
