import type { SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import type { Processing } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';

/** The next attempt of a message that failed; undefined where it is refused. */
export function nextAttempt(
  { policy, observers }: Route,
  state: Processing,
  failure: SluiceError,
): { readonly state: Processing; readonly delayMs: number } | undefined {
  if (failure.verdict === 'reject') return undefined;
  const nowMs = observers.clock.elapsedMs();
  const isUnreachable = failure.code === 'TRANSFORM_UNREACHABLE';
  const unreachableSinceMs = state.unreachableSinceMs ?? (isUnreachable ? nowMs : undefined);
  // A service that a function needs may be away for longer than the attempts last.
  const isWaitedFor =
    isUnreachable && unreachableSinceMs !== undefined && nowMs - unreachableSinceMs < policy.networkRetryMs;
  if (!isWaitedFor && state.attempt >= policy.attempts) return undefined;
  return {
    state: {
      ...state,
      attempt: state.attempt + 1,
      input: state.from === 0 ? undefined : state.input,
      unreachableSinceMs,
    },
    delayMs: backoffMs(policy.backoff, state.attempt, observers.clock.random),
  };
}
