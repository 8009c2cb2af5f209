/** A class of `kubernetes-models`, whose `validate` judges `this` by the JSON Schema of its kind. */
interface Model {
  readonly prototype: { validate(): void };
}

/**
 * What is wrong with an object by its schema, fields that the schema does not know included. The schemas of Kubernetes and
 * KEDA allow any further field, and a server drops it or refuses it. A compiled validator reads each property that it knows,
 * so a property that it never read is unknown.
 */
export function strictFlaws(model: Model, object: object): readonly string[] {
  const read = new Set<string>();
  const flaws: string[] = [];
  try {
    model.prototype.validate.call(watched(object, '', read) as Model['prototype']);
  } catch (thrown) {
    flaws.push(thrown instanceof Error ? thrown.message : String(thrown));
  }
  const unknown = pathsOf(object, '').filter((path) => !read.has(path));
  return [...flaws, ...unknown.map((path) => `${path} is no field of the schema`)];
}

function watched(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol') return inner;
      read.add(`${path}/${key}`);
      return watched(inner, `${path}/${key}`, read);
    },
  });
}

function pathsOf(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [`${path}/${key}`, ...pathsOf(inner, `${path}/${key}`)]);
}
