import type { AddressGrammar } from '#contract/bus.ts';
import { covers, patternOf, type AddressPattern } from '#kit/address-pattern.ts';

/** So many addresses are remembered with the filter that they match. */
const REMEMBERED = 10_000;

/**
 * Finds for each address the filter of the source that matches it: a span is named by the filter, or a fleet of a thousand devices
 * would have a thousand names. `filters`: as in the pipeline file. An address that no filter matches is that of the only one or
 * of the first one: a queue has a name that is not the address of its messages.
 */
export function destinationsOf(
  filters: readonly string[],
  { separator, wildcards, hidden }: AddressGrammar,
): (address: string) => string {
  const [first = ''] = filters;
  if (filters.length < 2) return () => first;
  const toPattern = (filter: string): AddressPattern =>
    wildcards === undefined ? filter.split(separator) : patternOf(filter, { separator, ...wildcards });
  const patterns = filters.map((filter) => ({ filter, pattern: toPattern(filter) }));
  const found = new Map<string, string>();
  return (address) => {
    const known = found.get(address);
    if (known !== undefined) return known;
    const levels = address.split(separator);
    const filter = patterns.find(({ pattern }) => covers(pattern, levels, hidden))?.filter ?? first;
    if (found.size >= REMEMBERED) found.clear();
    found.set(address, filter);
    return filter;
  };
}
