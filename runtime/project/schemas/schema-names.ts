import type { AnySchemaObject } from 'ajv';
import uri from 'ajv/dist/runtime/uri.js';
import { isMap, under } from '#kit/json-value.ts';
import { pointerKeys } from '#kit/pointer.ts';
import { schemasIn } from './schema-walk.ts';

/** A reference, resolved against a base; the reference itself where one of both is no URI reference. */
export function resolvedUri(base: string, reference: string): string {
  try {
    return uri.default.resolve(base, reference);
  } catch {
    return reference;
  }
}

/** Whether a text is a URI reference: its percent signs encode something. */
export function isUriReference(text: string): boolean {
  try {
    uri.default.resolve('', text);
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A schema file of the project, parsed. */
export interface SchemaFile {
  /** Without folder and ending. */
  readonly name: string;
  readonly schema: AnySchemaObject | boolean;
}

/** A `$ref` of a schema file. */
export interface Reference {
  /** JSON pointer of the schema that holds it. */
  readonly at: string;
  readonly text: string;
  /** The resolved target: an absolute URI, or a file name, with its fragment. */
  readonly target: string;
}

/**
 * The names of the schema files of a project. A file has its `$id` as a name, and its file name (`geo.v1.json`) as other
 * files resolve it: against the `$id` of the file that refers to it, if that file has one.
 */
export class SchemaNames {
  readonly #files: readonly SchemaFile[];
  readonly #byName = new Map<string, SchemaFile>();

  constructor(files: readonly SchemaFile[]) {
    this.#files = files;
    for (const file of files) this.#byName.set(baseOf(file), file);
    for (const base of ['', ...files.map(baseOf)]) {
      for (const file of files) {
        const name = resolvedUri(base, `${file.name}.json`);
        if (!this.#byName.has(name)) this.#byName.set(name, file);
      }
    }
  }

  /** File by name. */
  entries(): Iterable<readonly [name: string, file: SchemaFile]> {
    return this.#byName;
  }

  /** The file that a target leads into. */
  fileOf(target: string): SchemaFile | undefined {
    return this.#byName.get(target.split('#', 1)[0] ?? '');
  }

  /** The schema that a target leads to, its own references being targets too; undefined where there is none. */
  schemaAt(target: string): unknown {
    const file = this.fileOf(target);
    const pointer = this.pointerOf(target);
    if (file === undefined || pointer === undefined) return undefined;
    return under(withTargets(file.schema, baseOf(file)), pointerKeys(pointer));
  }

  /** The JSON pointer of a target within its file, also of one that is named by an anchor; undefined where there is none. */
  pointerOf(target: string): string | undefined {
    const [, fragment = ''] = target.split('#', 2);
    if (!isUriReference(fragment)) return undefined;
    const place = decodeURIComponent(fragment);
    if (place === '' || place.startsWith('/')) return place;
    for (const [at, { $anchor: anchor }] of schemasIn(this.fileOf(target)?.schema)) if (anchor === place) return at;
    return undefined;
  }

  /** The files of these names and all that they refer to, each once. */
  withReferred(names: Iterable<string>): readonly SchemaFile[] {
    const wanted = new Set(names);
    const all = new Set(this.#files.filter(({ name }) => wanted.has(name)));
    for (const file of all) {
      for (const { target } of referencesIn(file)) {
        const referred = this.fileOf(target);
        if (referred !== undefined) all.add(referred);
      }
    }
    return [...all];
  }
}

/** The same schema, every reference of which is resolved. */
function withTargets(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withTargets(item, base));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    key === '$ref' && typeof item === 'string' ? resolvedUri(base, item) : withTargets(item, base),
  ]);
  return Object.fromEntries(entries);
}

/** The base of a file's references: its `$id`, or else its name. */
export function baseOf({ name, schema }: SchemaFile): string {
  return idOf(schema)?.replace(/#$/, '') ?? `${name}.json`;
}

export function idOf(schema: SchemaFile['schema']): string | undefined {
  const id: unknown = typeof schema === 'object' ? schema['$id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

export function referencesIn(file: SchemaFile): readonly Reference[] {
  const base = baseOf(file);
  return [...schemasIn(file.schema)].flatMap(([at, { $ref: text }]) =>
    typeof text === 'string' ? [{ at, text, target: resolvedUri(base, text) }] : [],
  );
}
