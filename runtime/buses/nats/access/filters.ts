import type { AddressPattern } from '#contract/reach.ts';
import { LEVELS } from '#kit/address-pattern.ts';

/** The narrowest subjects with wildcards that match every address of the pattern. A wildcard is a whole token. */
export function filtersOf(pattern: AddressPattern): readonly string[] {
  const tokens: string[] = [];
  for (const level of pattern) {
    if (level === LEVELS) {
      const all = [...tokens, '>'].join('.');
      // `>` is one token or more, and the rest of an address may be none.
      return tokens.length === 0 ? [all] : [tokens.join('.'), all];
    }
    tokens.push(typeof level === 'string' ? level : '*');
  }
  return [tokens.join('.')];
}

/** The filters of all patterns, each once. */
export function filtersOfAll(patterns: readonly AddressPattern[]): readonly string[] {
  return [...new Set(patterns.flatMap(filtersOf))];
}
