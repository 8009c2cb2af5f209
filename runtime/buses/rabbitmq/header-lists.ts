import type { HeaderType } from '#contract/frame.ts';
import { LISTS } from './property-headers.ts';

const TYPES: ReadonlySet<unknown> = new Set<HeaderType>([
  'text',
  'bytes',
  'integer',
  'number',
  'boolean',
  'timestamp',
  'null',
  'json',
]);

type Types = Map<string, readonly HeaderType[]>;

/** Puts lists and tables that travelled as one text back into their headers. Text of a stranger's making stays as it is. */
export function readLists(headers: Map<string, readonly string[]>, types: Types | undefined): Types | undefined {
  const text = headers.get(LISTS)?.[0];
  if (text === undefined || types?.has(LISTS) === true) return types;
  const lists = parse(text);
  if (lists === undefined) return types;
  const all: Types = types ?? new Map();
  headers.delete(LISTS);
  for (const [name, values, itsTypes] of lists) {
    if (headers.has(name)) continue;
    headers.set(name, values);
    if (itsTypes.some((type) => type !== 'text')) all.set(name, itsTypes);
  }
  return all.size === 0 ? undefined : all;
}

type List = readonly [name: string, values: readonly string[], types: readonly HeaderType[]];

function parse(text: string): readonly List[] | undefined {
  try {
    const lists: unknown = JSON.parse(text);
    return Array.isArray(lists) && lists.every(isList) ? lists : undefined;
  } catch {
    return undefined;
  }
}

function isList(value: unknown): value is List {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [name, values, types]: unknown[] = value;
  if (typeof name !== 'string' || !Array.isArray(values) || !Array.isArray(types)) return false;
  return values.every((each) => typeof each === 'string') && types.every((type) => TYPES.has(type));
}
