/** A YAML map or JSON object as plain data. */
export type PlainMap = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a map; an empty one where it is something else, which is another finding's concern. */
export function asMap(value: unknown): PlainMap {
  return isMap(value) ? value : {};
}

/** The value as a list; an empty one where it is something else, which is another finding's concern. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The map's own property of that name, never an inherited one. */
export function own(map: PlainMap, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** The value at the path of keys; undefined where there is none. */
export function under(value: unknown, keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    found = Array.isArray(found) ? (found[Number(key)] as unknown) : own(asMap(found), key);
  }
  return found;
}

/** A copy with `by` at the path of keys. */
export function put(value: unknown, keys: readonly string[], by: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => (String(index) === key ? put(item, rest, by) : item));
  }
  return isMap(value) ? { ...value, [key]: put(value[key], rest, by) } : value;
}
