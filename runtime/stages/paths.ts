import { SluiceError } from '#contract/errors.ts';
import { isMap, type PlainMap } from '#kit/json-value.ts';
import { shortened } from '#kit/shortened.ts';

/** The names of a field from the body down. */
export type Path = readonly string[];

export function pathOf(written: string): Path {
  return written.split('.');
}

export interface Taken {
  /** Whether the body has the field. */
  readonly isThere: boolean;
  readonly value: unknown;
}

const MISSING: Taken = { isThere: false, value: undefined };

/** The value of a field. A field of something that is no map is not there. */
export function take(body: unknown, path: Path): Taken {
  let value = body;
  for (const name of path) {
    if (!isMap(value) || !Object.hasOwn(value, name)) return MISSING;
    value = value[name];
  }
  return { isThere: true, value };
}

/** A copy without a field, of the maps on the way to it alone. The same body where it has none. */
export function without(body: PlainMap, path: Path): PlainMap {
  const [first = '', ...rest] = path;
  if (!Object.hasOwn(body, first)) return body;
  if (rest.length === 0) return Object.fromEntries(Object.entries(body).filter(([name]) => name !== first));
  const inner = body[first];
  if (!isMap(inner)) return body;
  const left = without(inner, rest);
  return left === inner ? body : { ...body, [first]: left };
}

/** A copy with a field, of the maps on the way to it alone; maps that are missing are made. Throws MAP_FAILED where something else is in its way. */
export function withField(body: PlainMap, path: Path, value: unknown, from: Path = []): PlainMap {
  const [first = '', ...rest] = path;
  if (rest.length === 0) return { ...body, [first]: value };
  const inner = Object.hasOwn(body, first) ? body[first] : {};
  const at = [...from, first];
  return { ...body, [first]: withField(asFields(inner, at), rest, value, at) };
}

/** The map at this place of a body. Throws MAP_FAILED where there is something else. */
export function asFields(value: unknown, at: Path): PlainMap {
  if (isMap(value) && !(value instanceof Uint8Array)) return value;
  const found =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'a list'
        : value instanceof Uint8Array
          ? 'bytes'
          : `a ${typeof value}`;
  const place = at.length === 0 ? 'body' : `body.${shortened(at.join('.'), 200)}`;
  throw new SluiceError('MAP_FAILED', `expected a map at ${place}, found ${found}`);
}
