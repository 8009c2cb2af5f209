import { isDeepStrictEqual } from 'node:util';
import { originalOf } from '#kit/bigint-doubles.ts';

/**
 * Whether no two items are equal, as JSON Schema defines it: by value, with the names of objects in any order. Takes time in
 * proportion to the items; a comparison of each pair would take the square. Throws RangeError on items nested too deep.
 */
export function areUnique(given: readonly unknown[]): boolean {
  const items = originalOf(given);
  const seen = new Set<unknown>();
  const odd: unknown[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) odd.push(item);
    else if (seen.has(key)) return false;
    else seen.add(key);
  }
  // A function may return values that JSON does not have.
  return odd.every((item, index) => !odd.slice(0, index).some((other) => isDeepStrictEqual(item, other)));
}

/** A value that is equal for equal items and no others: the scalar itself, or a text that equals no scalar. */
function keyOf(item: unknown): unknown {
  if (typeof item === 'string') return JSON.stringify(item);
  if (typeof item === 'number' || typeof item === 'bigint') return numberOf(item);
  if (typeof item === 'boolean' || item === null) return item;
  return textOf(item);
}

/** One value for equal numbers, whichever of the two types holds them. */
function numberOf(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  // JSON cannot write some of them, and writes -0 as 0.
  if (typeof value === 'number' || typeof value === 'bigint') return `${numberOf(value)}`;
  if (Array.isArray(value)) return all(value, '[', ']', textOf);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const holder = value;
  return all(Object.keys(holder).toSorted(), '{', '}', (name) => {
    const text = textOf(Reflect.get(holder, name));
    return text === undefined ? undefined : `${JSON.stringify(name)}:${text}`;
  });
}

function all<Item>(
  items: readonly Item[],
  open: string,
  close: string,
  print: (item: Item) => string | undefined,
): string | undefined {
  let text = open;
  for (const item of items) {
    const printed = print(item);
    if (printed === undefined) return undefined;
    text += `${printed},`;
  }
  return text + close;
}
