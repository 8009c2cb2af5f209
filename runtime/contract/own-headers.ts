import { type HeaderType, RESERVED_HEADERS } from './frame.ts';

const OWN: ReadonlySet<string> = new Set(RESERVED_HEADERS);
const LONGEST = Math.max(...RESERVED_HEADERS.map(({ length }) => length));

/**
 * Writes the runtime's own names in lower case, whatever spelling they came in, and answers the types: on a bus whose names
 * ignore case another spelling would become the label or the trace of the message. Values of several spellings stand
 * together, in the order of the headers.
 */
export function lowerOwnNames(
  headers: Map<string, string[]>,
  types: Map<string, HeaderType[]> | undefined,
): Map<string, HeaderType[]> | undefined {
  let odd: string[] | undefined;
  for (const name of headers.keys()) {
    if (name.length <= LONGEST && !OWN.has(name) && OWN.has(name.toLowerCase())) (odd ??= []).push(name);
  }
  for (const name of odd ?? []) {
    const own = name.toLowerCase();
    const values = headers.get(name) ?? [];
    const there = headers.get(own) ?? [];
    const typesThere = types?.get(own) ?? there.map((): HeaderType => 'text');
    const itsTypes = types?.get(name) ?? values.map((): HeaderType => 'text');
    headers.delete(name);
    types?.delete(name);
    headers.set(own, [...there, ...values]);
    if ([...typesThere, ...itsTypes].some((type) => type !== 'text')) types?.set(own, [...typesThere, ...itsTypes]);
  }
  return types === undefined || types.size === 0 ? undefined : types;
}
