import type { Rule } from './breach.ts';
import { areMultiples, isWithinBound, rangeOf } from './numbers.ts';
import { sizeOf, textsOf } from './sizes.ts';

const bound =
  (word: string): Rule =>
  (all, reader, held, reasoner) => {
    if (typeof held !== 'number' || isWithinBound(rangeOf(all.places), word, held)) return [];
    return [reasoner.breach('bound-tightened', word, all, reader)];
  };

const divisor: Rule = (all, reader, held, reasoner) => {
  if (typeof held !== 'number' || areMultiples(all.places, held)) return [];
  const unknown = 'doubles are divided with rounding, so that only bounded integers are known to be multiples';
  return [reasoner.breach('multiple-changed', 'multipleOf', all, reader, { unknown })];
};

/** Formats of numbers that say what type and bounds say already. */
const numericFormat: Rule = (all, reader, held, reasoner) => {
  if (typeof held !== 'string' || !['int32', 'int64', 'float', 'double'].includes(held)) return [];
  if (held === 'float' || held === 'double' || textsOf(all.places, 'format').has(held)) return [];
  const { low, high, isIntegers } = rangeOf(all.places);
  if (isIntegers && (held === 'int64' || (low >= -(2 ** 31) && high <= 2 ** 31 - 1))) return [];
  return [reasoner.breach('format-changed', 'format', all, reader)];
};

export const NUMBER_RULES: Readonly<Record<string, Rule>> = {
  minimum: bound('minimum'),
  maximum: bound('maximum'),
  exclusiveMinimum: bound('exclusiveMinimum'),
  exclusiveMaximum: bound('exclusiveMaximum'),
  multipleOf: divisor,
  format: numericFormat,
};

/** Rules for the least and the greatest size of texts, lists and objects; `actual` is what the writer keeps to. */
export const leastSize =
  (word: string, actual: (...given: Parameters<Rule>) => number): Rule =>
  (...given) => {
    const [all, reader, held, reasoner] = given;
    if (typeof held !== 'number' || actual(...given) >= held) return [];
    return [reasoner.breach('bound-tightened', word, all, reader)];
  };

export const mostSize =
  (word: string, actual: (...given: Parameters<Rule>) => number): Rule =>
  (...given) => {
    const [all, reader, held, reasoner] = given;
    if (typeof held !== 'number' || actual(...given) <= held) return [];
    return [reasoner.breach('bound-tightened', word, all, reader)];
  };

/** Only the same pattern is known to accept what the writer's accepts. */
const pattern: Rule = (all, reader, held, reasoner) => {
  if (textsOf(all.places, 'pattern').has(String(held)) || held === '') return [];
  const unknown = 'which of two patterns accepts more is not decided';
  return [reasoner.breach('pattern-changed', 'pattern', all, reader, { unknown })];
};

const ANY_TEXT: ReadonlySet<unknown> = new Set(['password', 'binary', 'int32', 'int64', 'float', 'double']);

const format: Rule = (all, reader, held, reasoner) => {
  if (ANY_TEXT.has(held) || textsOf(all.places, 'format').has(String(held))) return [];
  const unknown = 'which of two formats accepts more is not decided';
  return [reasoner.breach('format-changed', 'format', all, reader, { unknown })];
};

export const STRING_RULES: Readonly<Record<string, Rule>> = {
  minLength: leastSize('minLength', ({ places }) => sizeOf(places, 'minLength', 'maxLength').least),
  maxLength: mostSize('maxLength', ({ places }) => sizeOf(places, 'minLength', 'maxLength').most),
  pattern,
  format,
};
