import { RESERVED_HEADERS } from './frame.ts';
import { addValues, type TypeLists } from './typed-headers.ts';

const OWN: ReadonlySet<string> = new Set(RESERVED_HEADERS);
const LENGTHS: ReadonlySet<number> = new Set(RESERVED_HEADERS.map(({ length }) => length));

/**
 * Writes the runtime's own names in lower case, whatever their spelling was, and returns the types: on a bus that ignores
 * the case of names another spelling would become the label or the trace of the message. Values of several spellings are
 * joined in the order of the headers.
 */
export function lowerOwnNames(headers: Map<string, string[]>, types: TypeLists | undefined): TypeLists | undefined {
  let odd: string[] | undefined;
  for (const name of headers.keys()) {
    if (LENGTHS.has(name.length) && !OWN.has(name) && OWN.has(name.toLowerCase())) (odd ??= []).push(name);
  }
  let all = types;
  for (const name of odd ?? []) {
    const values = headers.get(name) ?? [];
    const itsTypes = all?.get(name);
    headers.delete(name);
    all?.delete(name);
    all = addValues(headers, all, name.toLowerCase(), values, itsTypes);
  }
  return all === undefined || all.size === 0 ? undefined : all;
}
