import { asList } from '#kit/json-value.ts';
import type { Breach, Reasoner, Rule } from './breach.ts';
import { itemClosings, tupleWord } from './closings.ts';
import { type Conjunction, meet } from './conjunction.ts';
import { mostItems } from './empty.ts';
import { item } from './members.ts';
import { childOf, keyword, type Place } from './place.ts';
import { leastSize, mostSize } from './scalar-rules.ts';
import { sizeOf, tupleLength } from './sizes.ts';

/** The most items of a tuple that are compared one by one. */
const LONGEST_TUPLE = 64;

const tuple: Rule = (all, reader, held, reasoner) => {
  const word = tupleWord(reader);
  if (word === undefined) return [];
  return asList(held).flatMap((_, index) => {
    const then = childOf(reader, word, index);
    return then === undefined ? [] : itemBreaches(all, reader, index, then, reasoner);
  });
};

/** All items behind the tuple. */
const rest =
  (word: string): Rule =>
  (all, reader, _held, reasoner) =>
    itemClosings(reader)
      .filter((closing) => closing.word === word)
      .flatMap(({ from, then, isVague }) => {
        const last = Math.max(from, tupleLength(all.places));
        if (last - from > LONGEST_TUPLE)
          return [reasoner.breach('items-narrowed', word, all, reader, { unknown: 'the tuple is too long' })];
        return Array.from({ length: last - from + 1 }, (_, index) => from + index).flatMap((index) => {
          const found = itemBreaches(all, reader, index, then, reasoner);
          return isVague ? found.map((one) => ({ ...one, keyword: word, unknown: VAGUE })) : found;
        });
      });

export const VAGUE = 'branches of the schema decide what else is described';

function itemBreaches(
  all: Conjunction,
  reader: Place,
  index: number,
  then: Place,
  reasoner: Reasoner,
): readonly Breach[] {
  if (index >= mostItems(all)) return [];
  return reasoner.within(item(all, index), then, true).map((inner) => ({
    ...inner,
    at: `/${index < tupleLength([...all.places, reader]) ? index : '-'}${inner.at}`,
    documents: () => reasoner.embedded(all, reader, { index }, inner.documents()),
  }));
}

const unique: Rule = (all, reader, held, reasoner) => {
  if (held !== true || mostItems(all) <= 1) return [];
  if (all.places.some((place) => keyword(place, 'uniqueItems') === true)) return [];
  return [reasoner.breach('items-unique', 'uniqueItems', all, reader)];
};

const contains: Rule = (all, reader, _held, reasoner) => {
  const wanted = childOf(reader, 'contains');
  if (wanted === undefined) return [];
  const fewest = numberOr(keyword(reader, 'minContains'), 1);
  const most = numberOr(keyword(reader, 'maxContains'), Infinity);
  const found: Breach[] = [];
  if (fewest > 0 && !holdsAtLeast(all, wanted, fewest, reasoner))
    found.push(reasoner.breach('contains-more', 'contains', all, reader));
  if (most < Infinity && !holdsAtMost(all, wanted, most, reasoner))
    found.push(reasoner.breach('contains-fewer', 'maxContains', all, reader));
  return found;
};

function holdsAtLeast(all: Conjunction, wanted: Place, fewest: number, reasoner: Reasoner): boolean {
  const { least } = sizeOf(all.places, 'minItems', 'maxItems');
  const length = tupleLength(all.places);
  if (least >= fewest && length <= LONGEST_TUPLE) {
    const fitting = Array.from({ length: Math.min(least, length + 1) }, (_, index) => item(all, index)).filter(
      (one) => reasoner.within(one, wanted, true).length === 0,
    );
    const isRestFitting = least > length && reasoner.within(item(all, length), wanted, true).length === 0;
    if (fitting.length + (isRestFitting ? least - length - 1 : 0) >= fewest) return true;
  }
  return containing(all).some(
    ({ what, min }) => min >= fewest && reasoner.within(asOne(what), wanted, true).length === 0,
  );
}

function holdsAtMost(all: Conjunction, wanted: Place, most: number, reasoner: Reasoner): boolean {
  if (mostItems(all) <= most) return true;
  if (containing(all).some(({ what, max }) => max <= most && reasoner.within(asOne(wanted), what, true).length === 0))
    return true;
  const length = tupleLength(all.places);
  if (length > LONGEST_TUPLE || mostItems(all) > length) {
    if (!reasoner.isEmpty(meet(item(all, length), wanted))) return false;
  }
  const can = Array.from({ length: Math.min(length, LONGEST_TUPLE) }, (_, index) => item(all, index)).filter(
    (one) => !reasoner.isEmpty(meet(one, wanted)),
  );
  return length <= LONGEST_TUPLE && can.length <= most;
}

function containing({ places }: Conjunction): readonly { what: Place; min: number; max: number }[] {
  return places.flatMap((place) => {
    const what = childOf(place, 'contains');
    const [min, max] = [keyword(place, 'minContains'), keyword(place, 'maxContains')];
    return what === undefined ? [] : [{ what, min: numberOr(min, 1), max: numberOr(max, Infinity) }];
  });
}

function asOne(place: Place): Conjunction {
  return meet({ roots: [], places: [], key: '' }, place);
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

export const ARRAY_RULES: Readonly<Record<string, Rule>> = {
  minItems: leastSize('minItems', ({ places }) => sizeOf(places, 'minItems', 'maxItems').least),
  maxItems: mostSize('maxItems', (all) => mostItems(all)),
  uniqueItems: unique,
  prefixItems: tuple,
  items: (all, reader, held, reasoner) =>
    Array.isArray(held) ? tuple(all, reader, held, reasoner) : rest('items')(all, reader, held, reasoner),
  additionalItems: rest('additionalItems'),
  unevaluatedItems: rest('unevaluatedItems'),
  contains,
};
