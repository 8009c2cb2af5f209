import type { HeaderType } from './frame.ts';

/** By header name, one for every value; names that are missing hold plain text. */
export type TypeLists = Map<string, HeaderType[]>;

/** Adds a value to those of a header, and answers the types, which are made with the first value that is no plain text. */
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

/** The same for all values of a header, which may be none: a header without a value is one too. */
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
