/** A YAML map or JSON object as plain data. */
export type PlainMap = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a map; an empty one where it is something else, which another finding says. */
export function asMap(value: unknown): PlainMap {
  return isMap(value) ? value : {};
}

/** The value as a list; an empty one where it is something else, which another finding says. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The map's own value of that name: never what a prototype lends it. */
export function own(map: PlainMap, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** What lies under the keys; undefined where nothing does. */
export function under(value: unknown, keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    found = Array.isArray(found) ? (found[Number(key)] as unknown) : own(asMap(found), key);
  }
  return found;
}

/** A copy in which `by` lies under the keys. */
export function put(value: unknown, keys: readonly string[], by: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => (String(index) === key ? put(item, rest, by) : item));
  }
  return isMap(value) ? { ...value, [key]: put(value[key], rest, by) } : value;
}
