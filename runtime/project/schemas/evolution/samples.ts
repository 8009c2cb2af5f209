import { asList } from '#kit/json-value.ts';
import { branchesOf, type Conjunction, fits, meet, requiredNames } from './conjunction.ts';
import { knownNames } from './empty.ts';
import { item, namePatterns, property } from './members.ts';
import { numberSamples, textSamples } from './scalar-samples.ts';
import { childOf, keyword, type Place, refutationOf } from './place.ts';
import { sizeOf } from './sizes.ts';
import { patternSamples } from './pattern-samples.ts';
import { isNumeric, typesOf, valuesOf } from './types.ts';

const DEEPEST = 6;
const LONGEST_LIST = 300;

/** Makes documents of schemas, those first that are at the edge of one of them. */
export class Sampler {
  readonly #found = new Map<string, readonly unknown[]>();
  readonly #tries: { left: number };

  /** `tries`: how many documents may be judged in all. */
  constructor(tries: number) {
    this.#tries = { left: tries };
  }

  /** Up to `most` documents that the validator accepts, of the first few hundred that are made. */
  fitting(all: Conjunction, most: number, depth = 0): readonly unknown[] {
    const key = `${most} ${all.key}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    if (depth > DEEPEST) return [];
    this.#found.set(key, []);
    const found: unknown[] = [];
    let tries = 100;
    for (const value of this.#values(all, [], depth)) {
      tries -= 1;
      this.#tries.left -= 1;
      if (fits(all, value) === true) found.push(value);
      if (found.length >= most || tries < 0 || this.#tries.left < 0) break;
    }
    this.#found.set(key, found);
    return found;
  }

  /** Documents that fit `all`, and do not fit a schema with the edges of `hints`. The caller judges both. */
  *near(all: Conjunction, hints: readonly Place[]): Generator {
    for (const value of this.#values(all, hints, 0)) {
      this.#tries.left -= 1;
      if (this.#tries.left < 0) return;
      yield value;
    }
  }

  *#values(all: Conjunction, hints: readonly Place[], depth: number): Generator {
    const { places } = all;
    const split = unsplit(all);
    if (split !== undefined) for (const branch of split) yield* this.#values(branch, hints, depth + 1);
    const listed = [...places, ...hints].flatMap((place) => valuesOf(place) ?? []);
    yield* listed;
    for (const place of places) yield* [...asList(keyword(place, 'examples')), keyword(place, 'default') ?? null];
    if (depth > DEEPEST) return;
    const types = typesOf(places);
    if (types.has('null')) yield null;
    if (types.has('boolean')) yield* [true, false];
    if ([...types].some(isNumeric)) yield* numberSamples(places, hints);
    if (types.has('string')) yield* textSamples(places, hints);
    if (types.has('array')) yield* this.#lists(all, hints, depth);
    if (types.has('object')) yield* this.#objects(all, hints, depth);
  }

  *#lists(all: Conjunction, hints: readonly Place[], depth: number): Generator<unknown[]> {
    const here = sizeOf(all.places, 'minItems', 'maxItems');
    const there = sizeOf(hints, 'minItems', 'maxItems');
    const lengths = new Set([here.least, here.least + 1, there.least - 1, there.most + 1, here.most, 0, 1, 2, 3]);
    const contained = [...all.places, ...hints].flatMap((place) => childOf(place, 'contains') ?? []);
    const items = (index: number): readonly unknown[] => [
      ...this.fitting(item(all, index), 3, depth + 1),
      ...contained.flatMap((place) => this.fitting(meet(item(all, index), place), 2, depth + 1)),
    ];
    for (const length of lengths) {
      if (!(length >= 0 && length <= LONGEST_LIST)) continue;
      const choices = Array.from({ length }, (_, index) => (index < 8 ? items(index) : items(8)));
      if (choices.some((choice) => choice.length === 0)) continue;
      yield choices.map(([first]) => first);
      yield choices.map((choice) => choice.at(-1));
      yield choices.map((choice, index) => choice[index % choice.length]);
      if (length > 0) yield [...choices.slice(1).map(([first]) => first), choices[0]?.at(-1)];
    }
    const distinct = [0, 1, 2, 3, 4, 'a', 'b', 'c', 'd', true, null];
    for (const length of lengths) if (length >= 0 && length <= distinct.length) yield distinct.slice(0, length);
  }

  *#objects(all: Conjunction, hints: readonly Place[], depth: number): Generator<object> {
    const required = [...requiredNames(all.places)];
    const optional = [...new Set([...knownNames(all.places), ...knownNames(hints)])].filter(
      (name) => !required.includes(name),
    );
    const valueOf = (name: string, most: number): readonly unknown[] =>
      this.fitting(property(all, name), most, depth + 1);
    const base: Record<string, unknown> = {};
    for (const name of required) {
      const [value] = valueOf(name, 1);
      if (value === undefined) return;
      put(base, name, value);
    }
    yield base;
    const full = { ...base };
    for (const name of optional) {
      const [value] = valueOf(name, 1);
      if (value !== undefined) put(full, name, value);
    }
    yield full;
    for (const name of optional) {
      for (const value of valueOf(name, 3)) yield withProperty(base, name, value);
      if (Object.hasOwn(full, name)) yield Object.fromEntries(Object.entries(full).filter(([one]) => one !== name));
    }
    for (const name of required) for (const value of valueOf(name, 3)) yield withProperty(base, name, value);
    const patterns = namePatterns([...all.places, ...hints]).flatMap((pattern) => patternSamples(pattern, [1, 2, 5]));
    for (const name of ['x', 'X-1', 'other', ...patterns]) {
      for (const value of valueOf(name, 3)) yield* [withProperty(base, name, value), withProperty(full, name, value)];
    }
    const { least } = sizeOf(all.places, 'minProperties', 'maxProperties');
    const { least: other, most } = sizeOf(hints, 'minProperties', 'maxProperties');
    for (const size of new Set([least, other - 1, most + 1])) {
      const grown = { ...base };
      for (const name of [
        ...optional,
        ...Array.from({ length: Math.min(size, 50) }, (_, at) => `p${at}`),
        ...patterns,
      ]) {
        const [value] = Object.keys(grown).length < size ? valueOf(name, 1) : [];
        if (value !== undefined) put(grown, name, value);
      }
      yield grown;
    }
  }
}

/** The branches of the first choice that is not yet decided. */
export function unsplit(all: Conjunction): readonly Conjunction[] | undefined {
  const keys = new Set(all.places.map(({ key }) => key));
  for (const place of all.places) {
    for (const word of ['anyOf', 'oneOf']) {
      const branches = branchesOf(place, word);
      if (branches.length > 1 && !branches.some(({ key, schema }) => keys.has(key) || schema === true))
        return branches.map((branch) => meet(all, branch));
    }
    const test = childOf(place, 'if');
    if (test === undefined || typeof test.schema === 'boolean' || keys.has(test.key) || keys.has(`!${test.key}`))
      continue;
    if (['then', 'else'].some((word) => keyword(place, word) !== undefined))
      return [meet(all, test), meet(all, refutationOf(test))];
  }
  return undefined;
}

export function withProperty(base: object, name: string, value: unknown): object {
  const made = { ...base };
  put(made, name, value);
  return made;
}

/** `__proto__` is a name like others in JSON. */
function put(holder: object, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}
