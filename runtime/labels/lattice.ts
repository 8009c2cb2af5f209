import type { Category } from './category.ts';
import { type AnyLabel, EVERYONE, TOP, type Values } from './label-value.ts';

/** Results that a label remembers. A hot path has few pairs; a flood of labels must not fill the memory. */
const MOST_REMEMBERED = 256;

/** The least label that dominates both (Denning 1976). Of labels of two policies: TOP. */
export function join(one: AnyLabel, other: AnyLabel): AnyLabel {
  if (one === other) return one;
  if (one === TOP || other === TOP || one.policy !== other.policy) return TOP;
  const known = one.joins.get(other);
  if (known !== undefined) return known;
  const { categories } = one.policy;
  const higher = one.classification.rank >= other.classification.rank ? one.classification : other.classification;
  const values = categories.map((category, at) => joinedValues(category, one.values[at] ?? [], other.values[at] ?? []));
  const joined = one.policy.label(higher, values);
  if (one.joins.size >= MOST_REMEMBERED) one.joins.clear();
  one.joins.set(other, joined);
  return joined;
}

/**
 * Whether data of label `low` may flow to where `high` is allowed. A preorder: informative categories do not count. Nothing
 * but TOP dominates TOP, and nothing else of another policy.
 */
export function dominates(high: AnyLabel, low: AnyLabel): boolean {
  if (high === TOP) return true;
  if (low === TOP || high.policy !== low.policy) return false;
  if (high === low) return true;
  const known = high.dominated.get(low);
  if (known !== undefined) return known;
  const found =
    high.classification.rank >= low.classification.rank &&
    high.policy.categories.every((category, at) => covers(category, high.values[at] ?? [], low.values[at] ?? []));
  if (high.dominated.size >= MOST_REMEMBERED) high.dominated.clear();
  high.dominated.set(low, found);
  return found;
}

function joinedValues({ type, onJoin }: Category, one: Values, other: Values): Values {
  if (type === 'permissive') return intersection(one, other);
  if (one === EVERYONE || other === EVERYONE) return EVERYONE;
  if (type === 'informative' && onJoin === 'drop') return isSame(one, other) ? one : [];
  return [...new Set([...one, ...other])].toSorted();
}

/** Those who may read both. */
function intersection(one: Values, other: Values): Values {
  if (one === EVERYONE) return other;
  if (other === EVERYONE) return one;
  return one.filter((value) => other.includes(value));
}

function covers({ type }: Category, high: Values, low: Values): boolean {
  if (type === 'informative') return true;
  return type === 'restrictive' ? includes(high, low) : includes(low, high);
}

function includes(all: Values, some: Values): boolean {
  if (all === EVERYONE) return true;
  return some !== EVERYONE && some.every((value) => all.includes(value));
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}
