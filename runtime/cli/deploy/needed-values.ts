import { isAbsolute, join, normalize } from 'node:path/posix';
import { isMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** A variable that the pipeline file names. */
export interface NeededVariable {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** The default in the pipeline file. Undefined for secrets and for paths of files. */
  readonly fallback: string | undefined;
  /** Pointers of the values that it holds. */
  readonly pointers: readonly string[];
}

/** A file that the pipeline file names. */
export interface NeededFile {
  /** As written. */
  readonly path: string;
  /** Its name in a Secret: letters, digits, `-`, `_` and `.`. */
  readonly key: string;
  readonly pointers: readonly string[];
}

export interface NeededValues {
  readonly variables: readonly NeededVariable[];
  readonly files: readonly NeededFile[];
}

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s;
/** Options whose values are secrets, by the end of their pointers. */
const SECRET = /\/(?:password|passphrase|token|nkey|creds|secret)$|\/(?:tls|keys|binding|sign)(?:\/[^/]+)?\/key$/;
/** A URL that holds a password, or a token. */
const WITH_SECRET = /\/\/[^/@\s]+@/;

function* texts(value: unknown, pointer: string): Generator<readonly [pointer: string, text: string]> {
  if (typeof value === 'string') yield [pointer, value];
  else if (Array.isArray(value)) for (const [at, item] of value.entries()) yield* texts(item, pointerTo(pointer, at));
  else if (isMap(value)) for (const [key, item] of Object.entries(value)) yield* texts(item, pointerTo(pointer, key));
}

/** All references of a pipeline document, each variable and each file once. */
export function neededValues(document: unknown): NeededValues {
  const variables = new Map<string, NeededVariable>();
  const files = new Map<string, NeededFile>();
  const addFile = (path: string, pointer: string): void => {
    const pointers = [...(files.get(path)?.pointers ?? []), pointer];
    files.set(path, { path, key: keyOf(path), pointers });
  };
  for (const [pointer, text] of texts(document, '')) {
    if (text.startsWith('file:')) addFile(text.slice('file:'.length), pointer);
    const [, name, fallback] = ENV.exec(text) ?? [];
    if (name === undefined) continue;
    const isFile = fallback?.startsWith('file:') === true;
    if (isFile) addFile(fallback.slice('file:'.length), pointer);
    const known = variables.get(name);
    const isSecret = known?.isSecret === true || SECRET.test(pointer) || WITH_SECRET.test(fallback ?? '');
    variables.set(name, {
      name,
      isRequired: known?.isRequired === true || fallback === undefined,
      isSecret,
      fallback: isSecret || isFile ? undefined : (known?.fallback ?? fallback),
      pointers: [...(known?.pointers ?? []), pointer],
    });
  }
  return { variables: [...variables.values()], files: [...files.values()] };
}

/** URLs of HTTP that a bridge asks beside its brokers, and the part of the file that names each. Undefined: a variable without a default does. */
export function webUrls(document: unknown): readonly { readonly by: string; readonly url: string | undefined }[] {
  return [...texts(document, '')].flatMap(([pointer, text]) => {
    const by = /^\/buses\/(?<bus>[^/]+)\/(?<option>management)$|\/codec(?:\/[^/]+)*\/(?<registry>registry)$/.exec(
      pointer,
    )?.groups;
    if (by === undefined) return [];
    const [, name, fallback] = ENV.exec(text) ?? [];
    const url = name === undefined ? text : fallback;
    return [{ by: by['bus'] === undefined ? 'registry' : `${by['bus']}, management`, url }];
  });
}

function keyOf(path: string): string {
  return path.replace(/^[./]+/, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-');
}

/** Where a bundle in `home` looks for a path of the pipeline file. */
export function inHome(home: string, path: string): string {
  return isAbsolute(path) ? normalize(path) : join(home, path);
}
