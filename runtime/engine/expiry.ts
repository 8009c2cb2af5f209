import { SluiceError } from '#contract/errors.ts';
import type { Clock } from './clock.ts';

/** Whether something that expires has done so (invariant 8). */
export function isExpired({ expiresAtMs }: { readonly expiresAtMs: number | undefined }, clock: Clock): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= clock.nowMs();
}

export function expired(): SluiceError {
  return new SluiceError('EXPIRED', 'expired before it could be sent');
}
