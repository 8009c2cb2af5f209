import type { Category, Classification } from './category.ts';
import { EVERYONE, isStated, LabelValue, type Values, type Vocabulary } from './label-value.ts';
import type { RuleEntry } from './policy-file.ts';

/** Labels that a policy knows by their text. A hot path has few; a flood of labels must not fill the memory. */
const MOST_KNOWN = 4096;

interface PolicyParts {
  readonly id: string;
  readonly version: number;
  readonly classifications: readonly Classification[];
  /** By tag, A to Z. */
  readonly categories: readonly Category[];
  readonly rules: readonly RuleEntry[];
  readonly missing: 'reject' | 'sourceDefault';
}

/** A policy file, compiled (`compilePolicy`): the vocabulary of its labels. */
export class LabelPolicy implements Vocabulary {
  readonly id: string;
  readonly version: number;
  readonly classifications: ReadonlyMap<string, Classification>;
  readonly categories: readonly Category[];
  readonly rules: readonly RuleEntry[];
  readonly missing: 'reject' | 'sourceDefault';
  /** What each wire form of this policy begins with. */
  readonly prefix: string;
  readonly #known = new Map<string, LabelValue>();

  constructor({ classifications, ...parts }: PolicyParts) {
    this.id = parts.id;
    this.version = parts.version;
    this.classifications = new Map(classifications.map((classification) => [classification.id, classification]));
    this.categories = parts.categories;
    this.rules = parts.rules;
    this.missing = parts.missing;
    this.prefix = `1;p=${parts.id};c=`;
  }

  label(classification: Classification, values: readonly Values[]): LabelValue {
    const text = this.prefix + this.#textOf(classification, values);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const label = new LabelValue(this, classification, values, text);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(text, label);
    return label;
  }

  #textOf({ id }: Classification, values: readonly Values[]): string {
    let text = id;
    for (const [at, category] of this.categories.entries()) {
      const its = values[at] ?? [];
      if (isStated(category, its)) text += `;${category.tag}=${valuesText(its)}`;
    }
    return text;
  }
}

function valuesText(values: Values): string {
  if (values === EVERYONE) return '*';
  return values.length === 0 ? '!' : values.join();
}
