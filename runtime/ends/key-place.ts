import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { parseTemplate } from '../template/template.ts';

/** The places of a message's key that a publisher has to fill. The message always has an address and the bus's own key. */
export interface KeyPlace {
  readonly headers: readonly string[];
  readonly bodyPaths: readonly (readonly string[])[];
  /** Level of the address, from 0. */
  readonly level: number | undefined;
}

/** Reads a route's `key` template the other way round. */
export function keyPlace(template: string): KeyPlace {
  const parsed = parseTemplate(template);
  const fields = 'parts' in parsed ? parsed.parts.filter((part) => typeof part !== 'string') : [];
  return {
    headers: fields.flatMap((field) => (field.kind === 'header' ? [field.name] : [])),
    bodyPaths: fields.flatMap((field) => (field.kind === 'body' ? [field.path] : [])),
    level: fields.flatMap((field) => (field.kind === 'level' ? [field.level] : []))[0],
  };
}

/** A copy of the body with the key in its places. */
export function withKey(
  body: Readonly<Record<string, unknown>>,
  { bodyPaths }: KeyPlace,
  key: string,
): Readonly<Record<string, unknown>> {
  return bodyPaths.reduce((made, path) => withValue(made, path, key), body);
}

/** A copy of a map with the value under these keys, maps made on the way. */
export function withValue(holder: unknown, path: readonly string[], value: unknown): PlainMap {
  const [name = '', ...rest] = path;
  const map = asMap(holder);
  return { ...map, [name]: rest.length === 0 ? value : withValue(own(map, name), rest, value) };
}
