/** Lists that were copied, and the ones that they were made from: what compares items must not take two bigints for one double. */
const originals = new WeakMap<readonly unknown[], readonly unknown[]>();

/** The list as the route has it: items compared by value, not by their doubles. */
export function originalOf(items: readonly unknown[]): readonly unknown[] {
  return originals.get(items) ?? items;
}

/**
 * A body as a schema judges it: the compiler's rules know numbers only, so bigints become the nearest ones. Nothing is copied where
 * there is none. Throws RangeError on a body that is nested too deep.
 */
export function withDoubles(body: unknown): unknown {
  return holdsBigint(body) ? copyOf(body) : body;
}

function holdsBigint(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint';
  if (Array.isArray(value)) return value.some(holdsBigint);
  if (ArrayBuffer.isView(value)) return false;
  for (const name in value) if (holdsBigint(Reflect.get(value, name))) return true;
  return false;
}

function copyOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (!Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
  }
  const copy = value.map(copyOf);
  originals.set(copy, value);
  return copy;
}
