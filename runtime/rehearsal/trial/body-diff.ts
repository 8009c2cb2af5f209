/** One difference of two bodies: a value that went, came or changed, with its JSON Pointer. */
export interface BodyChange {
  readonly sign: '-' | '+';
  readonly at: string;
  readonly value: string;
}

/** What a stage changed: each value that went and each that came, in the order of the bodies; a changed value is both. */
export function bodyDiff(before: unknown, after: unknown): readonly BodyChange[] {
  const changes: BodyChange[] = [];
  compare('', before, after, changes);
  return changes;
}

function compare(at: string, before: unknown, after: unknown, changes: BodyChange[]): void {
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const name of names) {
      const path = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!Object.hasOwn(after, name)) changes.push({ sign: '-', at: path, value: shown(Reflect.get(before, name)) });
      else if (!Object.hasOwn(before, name))
        changes.push({ sign: '+', at: path, value: shown(Reflect.get(after, name)) });
      else compare(path, Reflect.get(before, name), Reflect.get(after, name), changes);
    }
    return;
  }
  const [one, other] = [shown(before), shown(after)];
  if (one === other) return;
  changes.push({ sign: '-', at, value: one }, { sign: '+', at, value: other });
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

/** A value as JSON; bytes and bigints as text. */
export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes ${Buffer.from(value).toString('base64').slice(0, 80)}`;
  const text: string | undefined = JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'bigint' ? one.toString() : one,
  );
  return text ?? String(value);
}
