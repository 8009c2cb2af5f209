import { createHash } from 'node:crypto';
import { canonicalJson } from '#kit/canonical-json.ts';
import type { LabelPolicy } from './policy.ts';

const DIGITS = 32;

/** Of all that decides what labels of a policy mean: its version is what its author says, and need not change when the file does. */
export function policyDigest({ id, version, classifications, categories, rules, missing }: LabelPolicy): string {
  const classes = [...classifications.values()].toSorted((one, other) => one.rank - other.rank);
  const meaning = {
    id,
    version,
    missing,
    rules: rules.map((rule) => JSON.stringify(rule)),
    classifications: classes.map((one) => [one.id, one.rank]),
    categories: categories.map((category) => ({
      tag: category.tag,
      type: category.type,
      onJoin: category.onJoin,
      values: [...category.values].toSorted(),
      groups: Object.fromEntries([...category.groups].map(([name, members]) => [name, members.toSorted()])),
      absent: classes.map((one) => category.absent(one.id)),
    })),
  };
  return createHash('sha256').update(canonicalJson(meaning)).digest('hex').slice(0, DIGITS);
}
