import type { Conjunction } from './conjunction.ts';
import type { Place } from './place.ts';

/** One reason why a document of the writer's schema may not fit the reader's. */
export interface Breach {
  /** The rule, as docs/schema-evolution.md lists them. */
  readonly rule: string;
  /** The keyword of the reader's schema, or the one that keeps the answer open. */
  readonly keyword: string;
  /** Where the writer's schema says less: JSON pointer with the file. */
  readonly writer: string;
  readonly reader: string;
  /** JSON pointer into the documents; `*` stands for any property, `-` for any item. */
  readonly at: string;
  /** Why nothing is known, where the reader's keyword is one that the comparison cannot judge. */
  readonly unknown?: string;
  /** Documents that the writer's place accepts and the reader's refuses, as the validator says. */
  readonly documents: () => readonly unknown[];
}

/** What the rules ask each other. */
export interface Reasoner {
  /** The reasons why documents of `all` may not fit the place: none where each is known to fit. `isInner`: they are parts of documents. */
  within(all: Conjunction, place: Place, isInner: boolean): readonly Breach[];
  isEmpty(all: Conjunction): boolean;
  /** A reason, with documents that are searched when they are asked for. */
  breach(rule: string, keyword: string, all: Conjunction, reader: Place, more?: Partial<BreachDetails>): Breach;
  /** Documents of `all` with this value in a member, that do not fit the reader. */
  embedded(all: Conjunction, reader: Place, member: Member, values: readonly unknown[]): readonly unknown[];
}

export type Member = { readonly property: string } | { readonly index: number };

export interface BreachDetails {
  readonly unknown: string;
  /** Documents to try first. */
  readonly tries: () => Iterable<unknown>;
  /** The writer's keyword, where it is another one. */
  readonly writerKeyword: string;
}

/** A rule for one keyword of the reader's schema. `held` is the value of the keyword. */
export type Rule = (all: Conjunction, reader: Place, held: unknown, reasoner: Reasoner) => readonly Breach[];

/** The file and pointer of a place's keyword. */
export function placeText({ file, pointer }: Place, word = ''): string {
  return `${file?.name ?? ''}.json#${pointer}${word === '' ? '' : `/${word}`}`;
}
