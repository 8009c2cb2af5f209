import { keyword, type Place } from './place.ts';
import { typesOf } from './types.ts';

/** The numbers between two bounds. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly isLowExcluded: boolean;
  readonly isHighExcluded: boolean;
  readonly isIntegers: boolean;
}

/** The bounds that every number of the places is within. */
export function rangeOf(places: readonly Place[]): Range {
  const range = { low: -Infinity, high: Infinity, isLowExcluded: false, isHighExcluded: false };
  for (const place of places) {
    for (const [word, isExcluded] of [
      ['minimum', false],
      ['exclusiveMinimum', true],
    ] as const) {
      const bound = keyword(place, word);
      if (typeof bound !== 'number' || bound < range.low) continue;
      range.isLowExcluded = isExcluded || (bound === range.low && range.isLowExcluded);
      range.low = bound;
    }
    for (const [word, isExcluded] of [
      ['maximum', false],
      ['exclusiveMaximum', true],
    ] as const) {
      const bound = keyword(place, word);
      if (typeof bound !== 'number' || bound > range.high) continue;
      range.isHighExcluded = isExcluded || (bound === range.high && range.isHighExcluded);
      range.high = bound;
    }
  }
  const isIntegers = !typesOf(places).has('fraction') || divisorsOf(places).some(isPowerOfTwo);
  return isIntegers ? ofIntegers(range) : { ...range, isIntegers };
}

/** The bounds as the least and the greatest integer, where doubles tell neighbours apart. */
function ofIntegers(range: Omit<Range, 'isIntegers'>): Range {
  let { low, high, isLowExcluded, isHighExcluded } = range;
  if (Math.abs(low) < Number.MAX_SAFE_INTEGER) {
    low = isLowExcluded ? Math.floor(low) + 1 : Math.ceil(low);
    isLowExcluded = false;
  }
  if (Math.abs(high) < Number.MAX_SAFE_INTEGER) {
    high = isHighExcluded ? Math.ceil(high) - 1 : Math.floor(high);
    isHighExcluded = false;
  }
  return { low, high, isLowExcluded, isHighExcluded, isIntegers: true };
}

export function isEmptyRange({ low, high, isLowExcluded, isHighExcluded }: Range): boolean {
  return low > high || (low === high && (isLowExcluded || isHighExcluded));
}

/** Where the validator divides without an error. */
export function isSafe({ low, high }: Range): boolean {
  return Math.abs(low) <= Number.MAX_SAFE_INTEGER && Math.abs(high) <= Number.MAX_SAFE_INTEGER;
}

export function divisorsOf(places: readonly Place[]): readonly number[] {
  return places.flatMap((place) => {
    const divisor = keyword(place, 'multipleOf');
    return typeof divisor === 'number' ? [divisor] : [];
  });
}

/** 1, 2, 4, ...: the validator divides by them without an error, so that no fraction is a multiple. */
function isPowerOfTwo(divisor: number): boolean {
  return Number.isInteger(divisor) && Number.isInteger(Math.log2(divisor)) && 2 ** Math.log2(divisor) === divisor;
}

/** Whether each number of the places fits the keyword with this bound. */
export function isWithinBound(range: Range, word: string, bound: number): boolean {
  const { low, high, isLowExcluded, isHighExcluded } = range;
  if (word === 'minimum') return low >= bound;
  if (word === 'exclusiveMinimum') return low > bound || (low === bound && isLowExcluded);
  if (word === 'maximum') return high <= bound;
  return high < bound || (high === bound && isHighExcluded);
}

/**
 * Whether each number of the places is known to be a multiple. The validator divides doubles: 0.07 is no multiple of 0.01
 * to it, and 2^70 is none of 1. So only integers that doubles hold exactly are known to be.
 */
export function areMultiples(places: readonly Place[], divisor: number): boolean {
  const divisors = divisorsOf(places);
  if (divisors.includes(divisor)) return true;
  const range = rangeOf(places);
  if (!range.isIntegers || !isSafe(range)) return false;
  if (isPowerOfTwo(1 / divisor) && divisor <= 1) return Number.MAX_SAFE_INTEGER / divisor < 1e21;
  return divisors.some((one) => Number.isInteger(one) && Number.isInteger(divisor) && one % divisor === 0);
}

/** All integers of the places, if they are few. */
export function fewIntegers(places: readonly Place[], most: number): readonly number[] | undefined {
  const range = rangeOf(places);
  if (!range.isIntegers || !isSafe(range) || range.high - range.low >= most) return undefined;
  return Array.from({ length: Math.max(0, range.high - range.low + 1) }, (_, index) => range.low + index);
}
