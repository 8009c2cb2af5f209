import type { HeaderType } from './frame.ts';

/** By header name, one type for every value; headers that are missing here hold plain text. */
export type TypeLists = Map<string, HeaderType[]>;

/** Adds a value to a header and returns the types, which are created with the first value that is no plain text. */
export function addValue(
  headers: Map<string, string[]>,
  types: TypeLists | undefined,
  name: string,
  value: string,
  type: HeaderType = 'text',
): TypeLists | undefined {
  let values = headers.get(name);
  if (values === undefined) {
    values = [];
    headers.set(name, values);
  }
  let all = types;
  let noted = all?.get(name);
  if (noted === undefined && type !== 'text') {
    all ??= new Map();
    noted = values.map((): HeaderType => 'text');
    all.set(name, noted);
  }
  noted?.push(type);
  values.push(value);
  return all;
}

/** Adds all values of a header; a header without values is kept too. */
export function addValues(
  headers: Map<string, string[]>,
  types: TypeLists | undefined,
  name: string,
  values: readonly string[],
  itsTypes: readonly HeaderType[] | undefined,
): TypeLists | undefined {
  if (!headers.has(name)) headers.set(name, []);
  let all = types;
  for (const [at, value] of values.entries()) all = addValue(headers, all, name, value, itsTypes?.[at]);
  return all;
}
