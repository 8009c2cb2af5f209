import { asMap } from '#kit/json-value.ts';
import { ARRAY_RULES } from './array-rules.ts';
import { type Breach, type BreachDetails, type Member, placeText, type Reasoner, type Rule } from './breach.ts';
import { CHOICE_RULES, FORMAT_LIMITS, formatLimit, READ_ELSEWHERE } from './choice-rules.ts';
import { allOf, type Conjunction, fits, meet, MOST_PLACES, requiredNames } from './conjunction.ts';
import { fewValues, isEmpty } from './empty.ts';
import { property } from './members.ts';
import { rangeOf } from './numbers.ts';
import { condition, judge, keyword, type Place } from './place.ts';
import { OBJECT_RULES } from './object-rules.ts';
import { ANNOTATIONS, isSame } from './same.ts';
import { Sampler, unsplit, withProperty } from './samples.ts';
import { NUMBER_RULES, STRING_RULES } from './scalar-rules.ts';
import { type Type, typeNames, typesOf, valuesOf } from './types.ts';

const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  integer: NUMBER_RULES,
  fraction: NUMBER_RULES,
  string: STRING_RULES,
  array: ARRAY_RULES,
  object: OBJECT_RULES,
};

/** Keywords that bind documents of some types. */
const TYPED: ReadonlySet<string> = new Set(Object.values(RULES).flatMap(Object.keys));

const MOST_STEPS = 20_000;
const MOST_TRIES = 40_000;
const TRIES_OF_ONE = 600;
const DEEPEST = 60;
const MOST_SPLITS = 5;
const TOO_LARGE = 'the schemas are too large, or too deep';

/** Keywords whose rules may know more of a part of the documents. */
const SPLIT_FOR: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'not', 'if', 'enum', 'const']);

/**
 * Decides whether each document of one schema fits another. What it calls compatible is: each keyword of the reader's schema
 * is shown to hold by a rule that over-estimates what the writer's accepts. What it calls a breach may be one: the
 * documents that come with it say so.
 */
export class Decision implements Reasoner {
  readonly #sampler = new Sampler(MOST_TRIES);
  readonly #empty = new Map<string, boolean>();
  /** The pairs under judgement, with the depth in the documents. */
  readonly #open = new Map<string, number>();
  #depth = 0;
  #splits = 0;
  #steps = 0;

  isEmpty(all: Conjunction): boolean {
    const known = this.#empty.get(all.key);
    if (known !== undefined) return known;
    const answer = isEmpty(all);
    this.#empty.set(all.key, answer);
    return answer;
  }

  within(all: Conjunction, place: Place, isInner: boolean): readonly Breach[] {
    this.#steps += 1;
    if (place.schema === true || all.places.some((other) => isSame(other, place))) return [];
    if (this.#steps > MOST_STEPS || this.#depth > DEEPEST)
      return [this.breach('too-large', '$ref', all, place, { unknown: TOO_LARGE })];
    const pair = `${all.key} in ${place.key}`;
    const depth = this.#depth + (isInner ? 1 : 0);
    const above = this.#open.get(pair);
    // A pair within itself holds for smaller documents, if it holds at all.
    if (above !== undefined && above < depth) return [];
    if (above !== undefined)
      return [this.breach('endless', '$ref', all, place, { unknown: 'the schema refers to itself without an end' })];
    this.#open.set(pair, depth);
    this.#depth = depth;
    const splits = this.#splits;
    if (isInner) this.#splits = 0;
    try {
      return this.#compare(all, place);
    } finally {
      this.#open.delete(pair);
      this.#depth = depth - (isInner ? 1 : 0);
      this.#splits = splits;
    }
  }

  #compare(all: Conjunction, place: Place): readonly Breach[] {
    const few = fewValues(all);
    const refused = few?.filter((value) => judge(place, value) !== true);
    if (refused?.length === 0 || this.isEmpty(all)) return [];
    const readers = allOf([place]).places;
    if (readers.length >= MOST_PLACES) return [this.breach('too-large', '$ref', all, place, { unknown: TOO_LARGE })];
    const never = readers.find(({ schema }) => schema === false);
    if (never !== undefined) return [this.breach('nothing-fits', 'false', all, never)];
    if (refused !== undefined && all.places.some((one) => valuesOf(one) !== undefined))
      return this.#refusedValues(all, readers, refused);
    const types = typesOf(all.places);
    const allowed = typesOf(readers, false);
    const lost = this.#lostTypes(all, readers, types, allowed);
    const kept = typeNames([...types].filter((type) => allowed.has(type)));
    const compared = kept.flatMap((type) => this.#compareType(meet(all, condition({ type })), place, readers, type));
    return [...lost, ...compared];
  }

  /** The writer's listed values, some of which the reader refuses. */
  #refusedValues(all: Conjunction, readers: readonly Place[], refused: readonly unknown[]): readonly Breach[] {
    const listing = readers.find((reader) => valuesOf(reader) !== undefined);
    const reader = listing ?? readers.find((one) => refused.some((value) => judge(one, value) === false)) ?? readers[0];
    if (reader === undefined) return [];
    const word = listing === undefined ? 'type' : keyword(reader, 'const') === undefined ? 'enum' : 'const';
    return [
      this.breach(listing === undefined ? 'value-refused' : 'enum-shrunk', word, all, reader, { tries: () => refused }),
    ];
  }

  #lostTypes(
    all: Conjunction,
    readers: readonly Place[],
    types: ReadonlySet<Type>,
    allowed: ReadonlySet<Type>,
  ): readonly Breach[] {
    const lost = [...types].filter((type) => {
      if (allowed.has(type)) return false;
      const part = meet(all, condition({ type: typeNames([type])[0] }));
      return type === 'fraction' ? !rangeOf(part.places).isIntegers && !this.isEmpty(part) : !this.isEmpty(part);
    });
    const reader = readers.find((one) => lost.some((type) => !typesOf([one], false).has(type)));
    if (reader === undefined) return [];
    const parts = typeNames(lost).map((type) => meet(all, condition({ type })));
    const tries = (): Iterable<unknown> => parts.flatMap((part) => this.#sampler.fitting(part, 20));
    return [this.breach('type-narrowed', 'type', all, reader, { tries })];
  }

  #compareType(all: Conjunction, place: Place, readers: readonly Place[], type: string): readonly Breach[] {
    if (this.isEmpty(all) || fewValues(all)?.every((value) => judge(place, value) === true)) return [];
    const rules = RULES[type === 'number' ? 'integer' : type] ?? {};
    const found = readers.flatMap((reader) =>
      Object.entries(asMap(reader.schema)).flatMap(([word, held]) =>
        this.#judgeKeyword(all, reader, word, held, rules),
      ),
    );
    if (found.length === 0) return [];
    return this.#split(all, place, found) ?? found;
  }

  #judgeKeyword(
    all: Conjunction,
    reader: Place,
    word: string,
    held: unknown,
    rules: Readonly<Record<string, Rule>>,
  ): readonly Breach[] {
    if (ANNOTATIONS.has(word) || READ_ELSEWHERE.has(word)) return [];
    if (word === '$ref')
      return typeof held === 'string' && reader.side?.target(reader, held) !== undefined
        ? []
        : this.#unread(all, reader, word);
    const rule = rules[word] ?? CHOICE_RULES[word] ?? (FORMAT_LIMITS.has(word) ? formatLimit(word) : undefined);
    if (rule !== undefined) return rule(all, reader, held, this);
    return TYPED.has(word) ? [] : this.#unread(all, reader, word);
  }

  #unread(all: Conjunction, reader: Place, word: string): readonly Breach[] {
    return [this.breach('keyword', word, all, reader, { unknown: 'the comparison does not read this keyword' })];
  }

  /** The same question of parts of the documents: of each branch of a choice of the writer, or of each value of a property. */
  #split(all: Conjunction, place: Place, found: readonly Breach[]): readonly Breach[] | undefined {
    if (this.#splits >= MOST_SPLITS) return undefined;
    const byValue = found.some(({ keyword: word }) => SPLIT_FOR.has(word)) ? byValues(all) : undefined;
    const parts = unsplit(all) ?? byValue;
    if (parts === undefined) return undefined;
    this.#splits += 1;
    const breaches = parts.flatMap((part) => (this.isEmpty(part) ? [] : this.within(part, place, false)));
    this.#splits -= 1;
    return breaches;
  }

  breach(rule: string, word: string, all: Conjunction, reader: Place, more: Partial<BreachDetails> = {}): Breach {
    const writer = all.places.find(
      (place) => place.file !== undefined && keyword(place, more.writerKeyword ?? word) !== undefined,
    );
    const place = writer ?? all.places.find(({ file }) => file !== undefined);
    return {
      rule,
      keyword: word,
      writer: place === undefined ? '' : placeText(place, writer === undefined ? '' : word),
      reader: placeText(reader, word === 'false' ? '' : word),
      at: '',
      ...(more.unknown !== undefined && { unknown: more.unknown }),
      documents: () => this.#documents(all, reader, more.tries?.() ?? []),
    };
  }

  #documents(all: Conjunction, reader: Place, tries: Iterable<unknown>): readonly unknown[] {
    const found: unknown[] = [];
    let left = TRIES_OF_ONE;
    const judgeOne = (value: unknown): void => {
      if (judge(reader, value) === false && fits(all, value) === true) found.push(value);
    };
    for (const value of tries) judgeOne(value);
    for (const value of this.#sampler.near(all, allOf([reader]).places)) {
      if (found.length >= 2 || left < 0) break;
      left -= 1;
      judgeOne(value);
    }
    return found.slice(0, 3);
  }

  embedded(all: Conjunction, reader: Place, member: Member, values: readonly unknown[]): readonly unknown[] {
    if (values.length === 0) return [];
    const narrowed =
      'property' in member
        ? meet(all, condition({ type: 'object' }))
        : meet(all, condition({ type: 'array', minItems: member.index }));
    const bases = this.#sampler.fitting(narrowed, 4);
    const made = values.flatMap((value) => bases.map((base) => withMember(base, member, value)));
    if ('property' in member) made.push(...values.map((value) => withMember({}, member, value)));
    return made.filter((document) => judge(reader, document) === false && fits(all, document) === true).slice(0, 2);
  }
}

function withMember(base: unknown, member: Member, value: unknown): unknown {
  if ('property' in member)
    return withProperty(typeof base === 'object' && base !== null ? base : {}, member.property, value);
  const items: unknown[] = Array.isArray(base) ? [...base] : [];
  items[member.index] = value;
  return items;
}

/** The documents by the values of a required property that has few of them: what a discriminator tells apart. */
function byValues(all: Conjunction): readonly Conjunction[] | undefined {
  const types = typesOf(all.places);
  if (types.size !== 1 || !types.has('object')) return undefined;
  for (const name of requiredNames(all.places)) {
    const values = fewValues(property(all, name));
    if (values === undefined || values.length < 2 || values.length > 24) continue;
    return values.map((value) => meet(all, condition({ properties: { [name]: { const: value } } })));
  }
  return undefined;
}
