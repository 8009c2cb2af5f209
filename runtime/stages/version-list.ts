import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';

/** The names in `of`. */
export function listOf(value: unknown): readonly string[] {
  return asList(own(asMap(value), 'of')).filter((name) => typeof name === 'string');
}

/** An entry of `upcast`. */
export interface UpcastEntry {
  readonly from: string;
  readonly function: string;
  /** The next schema of the list unless the entry says another. */
  readonly to: string;
  readonly with: unknown;
  /** The place of the function's name below `upcast`. */
  readonly path: readonly string[];
}

/** The entries that name a function and lead somewhere. */
export function upcastsOf(all: readonly string[], upcast: unknown): readonly UpcastEntry[] {
  return Object.entries(asMap(upcast)).flatMap(([from, value]) => {
    const entry: PlainMap = typeof value === 'string' ? { function: value } : asMap(value);
    const { function: name, to = all[all.indexOf(from) + 1], with: handed } = entry;
    if (typeof name !== 'string' || typeof to !== 'string' || !all.includes(from)) return [];
    const path = typeof value === 'string' ? [from] : [from, 'function'];
    return [{ from, function: name, to, with: handed, path }];
  });
}
