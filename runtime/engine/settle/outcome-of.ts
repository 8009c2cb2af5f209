import type { SluiceError } from '#contract/errors.ts';
import { isLabelCode } from '#contract/label-rules.ts';
import type { SettledOutcome } from '#contract/trace.ts';
import type { End } from '../in-flight.ts';
import type { Policy } from '../route-parts.ts';

/** Of a refused message. Without a policy a wrong label is a fault as any other. */
export function outcomeOfFailure({ labels }: Pick<Policy, 'labels'>, { code }: SluiceError): SettledOutcome {
  if (code === 'EXPIRED') return 'expired';
  return labels !== undefined && isLabelCode(code) ? 'blocked' : 'dead-lettered';
}

export function outcomeOf(policy: Pick<Policy, 'labels'>, end: End): SettledOutcome {
  if (end.kind === 'refused') return outcomeOfFailure(policy, end.failure);
  return end.kind === 'stored' ? 'repeated' : end.kind;
}
