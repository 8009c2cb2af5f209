import type { Classification } from './category.ts';
import { EVERYONE, type LabelValue, valuesOf } from './label-value.ts';
import type { LabelPolicy } from './policy.ts';

/**
 * The rule of the policy that the label breaks, as what it lacks; undefined where it breaks none. Rules are monotone, so the join
 * of two labels that keep them keeps them too.
 */
export function brokenRule(policy: LabelPolicy, label: LabelValue): string | undefined {
  for (const { when, mustHave, classAtLeast } of policy.rules) {
    const { classAtLeast: from, has: having } = when;
    const isMeant =
      (from === undefined || isAtLeast(policy, label.classification, from)) &&
      (having === undefined || has(label, having));
    if (!isMeant) continue;
    const condition = [from && `${from} or above`, having].filter(Boolean).join(' and ');
    if (mustHave !== undefined && !has(label, mustHave))
      return `${mustHave}, which the policy requires with ${condition}`;
    if (classAtLeast !== undefined && !isAtLeast(policy, label.classification, classAtLeast)) {
      return `${classAtLeast} or above, which the policy requires with ${condition}`;
    }
  }
  return undefined;
}

function isAtLeast(policy: LabelPolicy, { rank }: Classification, least: string): boolean {
  return rank >= (policy.classifications.get(least)?.rank ?? Number.POSITIVE_INFINITY);
}

/** `TAG:VALUE` of a restrictive category. */
function has(label: LabelValue, tagged: string): boolean {
  const [tag = '', value = ''] = tagged.split(':');
  const values = valuesOf(label, tag);
  return values !== EVERYONE && values.includes(value);
}
