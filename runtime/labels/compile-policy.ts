import type { Category } from './category.ts';
import { LONGEST_LABEL } from './label-value.ts';
import { LabelPolicy } from './policy.ts';
import type { AbsentRule, CategoryEntry, PermissiveEntry, PolicyFile, RuleEntry } from './policy-file.ts';

/** What a policy file says that no schema can refuse. */
export interface PolicyFlaw {
  /** RFC 6901. */
  readonly pointer: string;
  readonly expected: string;
  readonly found: string;
}

/** Compiles a policy file that its schema allows. `flaws` is not empty where it is no policy; then `policy` is undefined. */
export function compilePolicy(file: PolicyFile): {
  readonly policy: LabelPolicy | undefined;
  readonly flaws: readonly PolicyFlaw[];
} {
  const flaws = [...flawsOf(file)];
  return { policy: flaws.length > 0 ? undefined : policyOf(file), flaws };
}

function policyOf({ id, version, classifications, categories, requires = [], missing }: PolicyFile): LabelPolicy {
  return new LabelPolicy({
    id,
    version,
    classifications,
    categories: categories.map(categoryOf).toSorted((one, other) => (one.tag < other.tag ? -1 : 1)),
    rules: requires,
    missing,
  });
}

function categoryOf(entry: CategoryEntry): Category {
  const { tag, type } = entry;
  const isPermissive = type === 'permissive';
  return {
    tag,
    type,
    values: new Set(entry.values),
    groups: new Map(isPermissive ? Object.entries(entry.groups ?? {}) : []),
    onJoin: type === 'informative' ? (entry.onJoin ?? 'union') : 'union',
    absent: (classification) => (isPermissive ? absentOf(entry, classification) : 'nobody'),
  };
}

function absentOf({ absent, absentByClassification = {} }: PermissiveEntry, classification: string): AbsentRule {
  return Object.hasOwn(absentByClassification, classification)
    ? (absentByClassification[classification] ?? absent)
    : absent;
}

function* flawsOf(file: PolicyFile): Generator<PolicyFlaw> {
  const classes = new Set<string>();
  const ranks = new Set<number>();
  for (const [at, { id, rank }] of file.classifications.entries()) {
    const pointer = `/classifications/${at}`;
    if (classes.has(id)) yield { pointer: `${pointer}/id`, expected: 'each classification once', found: `${id} again` };
    if (ranks.has(rank)) yield { pointer: `${pointer}/rank`, expected: 'a rank of its own', found: `${rank} again` };
    classes.add(id);
    ranks.add(rank);
  }
  const tags = new Set<string>();
  for (const [at, category] of file.categories.entries()) {
    const pointer = `/categories/${at}`;
    if (tags.has(category.tag)) {
      yield { pointer: `${pointer}/tag`, expected: 'each category once', found: `${category.tag} again` };
    }
    tags.add(category.tag);
    if (category.type === 'permissive') yield* permissiveFlaws(category, classes, pointer);
  }
  for (const [at, rule] of (file.requires ?? []).entries()) yield* ruleFlaws(rule, file, `/requires/${at}`);
  const longest = longestLabel(file);
  if (longest > LONGEST_LABEL) {
    const expected = `a policy whose longest label has at most ${LONGEST_LABEL} characters: shorter names, or fewer values`;
    yield { pointer: '/categories', expected, found: `one of ${longest}` };
  }
  if ((file.equivalents ?? []).length > 0) {
    const expected = 'no equivalents: labels of other policies are refused, not translated';
    yield { pointer: '/equivalents', expected, found: 'some' };
  }
}

/** Of every label, stated or joined: each category with all of its values. */
function longestLabel({ id, classifications, categories }: PolicyFile): number {
  const classes = classifications.map((one) => one.id.length);
  const lists = categories.map(({ tag, values }) => `;${tag}=`.length + values.join().length);
  return `1;p=${id};c=`.length + Math.max(0, ...classes) + lists.reduce((sum, length) => sum + length, 0);
}

function* permissiveFlaws(
  { values, groups = {}, absent, absentByClassification = {} }: PermissiveEntry,
  classes: ReadonlySet<string>,
  pointer: string,
): Generator<PolicyFlaw> {
  const known = new Set(values);
  for (const [name, members] of Object.entries(groups)) {
    const at = `${pointer}/groups/${name}`;
    if (known.has(name)) yield { pointer: at, expected: 'a group whose name is no value', found: `the value ${name}` };
    yield* unknown(members, known, at);
  }
  const all = new Set([...known, ...Object.keys(groups)]);
  if (typeof absent !== 'string') yield* unknown(absent, all, `${pointer}/absent`);
  for (const [name, rule] of Object.entries(absentByClassification)) {
    const at = `${pointer}/absentByClassification/${name}`;
    if (!classes.has(name)) yield { pointer: at, expected: 'a classification of this policy', found: name };
    if (typeof rule !== 'string') yield* unknown(rule, all, at);
  }
}

function* unknown(values: readonly string[], known: ReadonlySet<string>, pointer: string): Generator<PolicyFlaw> {
  for (const [at, value] of values.entries()) {
    if (!known.has(value)) {
      yield { pointer: `${pointer}/${at}`, expected: `one of ${[...known].join(', ')}`, found: value };
    }
  }
}

function* ruleFlaws(
  rule: RuleEntry,
  { classifications, categories }: PolicyFile,
  pointer: string,
): Generator<PolicyFlaw> {
  if (rule.when.classAtLeast !== undefined && rule.when.has !== undefined) {
    // Two labels, of which each keeps the rule, could have a join that breaks it.
    const expected = 'either classAtLeast or has in when';
    yield { pointer: `${pointer}/when`, expected, found: 'both' };
  }
  const names = [
    [rule.when.classAtLeast, `${pointer}/when/classAtLeast`],
    [rule.classAtLeast, `${pointer}/classAtLeast`],
  ] as const;
  for (const [name, at] of names) {
    if (name !== undefined && !classifications.some(({ id }) => id === name)) {
      yield { pointer: at, expected: 'a classification of this policy', found: name };
    }
  }
  const tagged = [
    [rule.when.has, `${pointer}/when/has`],
    [rule.mustHave, `${pointer}/mustHave`],
  ] as const;
  for (const [text, at] of tagged) {
    if (text === undefined) continue;
    const [tag, value = ''] = text.split(':');
    const category = categories.find((one) => one.tag === tag);
    // A join removes values of a permissive category: the rule could break there.
    if (category?.type !== 'restrictive' || !category.values.includes(value)) {
      yield { pointer: at, expected: 'TAG:VALUE of a restrictive category of this policy', found: text };
    }
  }
}
