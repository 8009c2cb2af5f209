/** The policy file of a project (`schemas/NAME.policy.json`), as its schema `schemas/label-policy.schema.json` allows it. */
export interface PolicyFile {
  readonly format: 1;
  /** As in the label's `p=`. */
  readonly id: string;
  readonly name?: string;
  readonly version: number;
  readonly classifications: readonly ClassificationEntry[];
  readonly categories: readonly CategoryEntry[];
  readonly requires?: readonly RuleEntry[];
  readonly missing: 'reject' | 'sourceDefault';
  readonly equivalents?: readonly unknown[];
}

export interface ClassificationEntry {
  readonly id: string;
  /** A higher one is more sensitive. */
  readonly rank: number;
  readonly name?: string;
}

export type CategoryEntry = RestrictiveEntry | PermissiveEntry | InformativeEntry;

/** Who reads must be cleared for each of its values. */
export interface RestrictiveEntry {
  readonly tag: string;
  readonly type: 'restrictive';
  readonly values: readonly string[];
}

/** Its values are those who may read. */
export interface PermissiveEntry {
  readonly tag: string;
  readonly type: 'permissive';
  readonly values: readonly string[];
  /** Names for several values. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly absent: AbsentRule;
  readonly absentByClassification?: Readonly<Record<string, AbsentRule>>;
}

export interface InformativeEntry {
  readonly tag: string;
  readonly type: 'informative';
  readonly values: readonly string[];
  readonly onJoin?: 'union' | 'drop';
}

/** What a label without the category means. `invalid`: it is no label. */
export type AbsentRule = 'everyone' | 'nobody' | 'invalid' | readonly string[];

/** A label of which all of `when` is true must also have what is named. `TAG:VALUE` is of a restrictive category. */
export interface RuleEntry {
  readonly when: { readonly classAtLeast?: string; readonly has?: string };
  readonly mustHave?: string;
  readonly classAtLeast?: string;
}
