import type { Category, Classification } from './category.ts';

/** Of a permissive category: everyone may read. */
export const EVERYONE: unique symbol = Symbol('everyone');
export type Everyone = typeof EVERYONE;

/** The values of one category, sorted and each once; of a permissive one perhaps everyone, and an empty list is nobody. */
export type Values = Everyone | readonly string[];

/** Characters of the wire form. */
export const LONGEST_LABEL = 1024;

/** What a label needs of its policy (`LabelPolicy`). */
export interface Vocabulary {
  readonly id: string;
  /** By tag, A to Z. */
  readonly categories: readonly Category[];
  /** The label of this meaning: mostly the same object each time. `values`: by category, sorted and each once. */
  label(classification: Classification, values: readonly Values[]): LabelValue;
}

/** A classification label of a policy. Immutable. Two labels of one policy are equal where their texts are. */
export class LabelValue {
  readonly policy: Vocabulary;
  readonly classification: Classification;
  /** By the place of the category in the policy. Every permissive category has its values here, stated or not. */
  readonly values: readonly Values[];
  /** The canonical wire form: tags and values A to Z, every permissive category stated. */
  readonly text: string;
  /** Written by lattice.ts: results of its operations with other labels. */
  readonly joins = new Map<LabelValue, LabelValue>();
  readonly dominated = new Map<LabelValue, boolean>();

  constructor(policy: Vocabulary, classification: Classification, values: readonly Values[], text: string) {
    this.policy = policy;
    this.classification = classification;
    this.values = values;
    this.text = text;
  }
}

/** The label of data whose label cannot be determined: above every label. It has no wire form. */
export const TOP: unique symbol = Symbol('top');
export type Top = typeof TOP;

export type AnyLabel = LabelValue | Top;

/** Whether a category in which a label has these values says anything. */
export function isStated(category: Category, values: Values): boolean {
  return category.type === 'permissive' || values === EVERYONE || values.length > 0;
}

/** What a label has of the category of this tag; nothing of one that the policy does not have. */
export function valuesOf({ policy, values }: LabelValue, tag: string): Values {
  return values[policy.categories.findIndex((category) => category.tag === tag)] ?? [];
}
