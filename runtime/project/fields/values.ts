import { type PlainMap, own } from '#kit/json-value.ts';

/** The text of a required word. Throws TypeError on a file that was not checked. */
export function text(map: PlainMap, name: string): string {
  const value = own(map, name);
  if (typeof value !== 'string') throw new TypeError(`${name} is not text: the file was not checked`);
  return value;
}

export function optional(map: PlainMap, name: string): string | undefined {
  return own(map, name) === undefined ? undefined : text(map, name);
}

export function numberOr(map: PlainMap, name: string, byDefault: number): number {
  const value = own(map, name);
  return typeof value === 'number' ? value : byDefault;
}
