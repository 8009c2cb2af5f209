import type { AnySchemaObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import uri from 'ajv/dist/runtime/uri.js';
import { isMap, own, under } from '#kit/json-value.ts';
import { pointerKeys, pointerTo } from '#kit/pointer.ts';
import type { Validator } from '#contract/validator.ts';
import { schemaCompiler } from '../compile-schemas.ts';
import { baseOf, type SchemaFile, SchemaNames } from '../schema-names.ts';
import { schemasIn } from '../schema-walk.ts';

/** One subschema of a file, or a condition that the comparison itself adds (`file` is absent then). */
export interface Place {
  /** Equal for equal places. */
  readonly key: string;
  readonly schema: AnySchemaObject | boolean;
  /** JSON pointer into the file. */
  readonly pointer: string;
  readonly file: SchemaFile | undefined;
  readonly side: SchemaSide | undefined;
  /** The place holds for a document that does not fit this one. */
  readonly refuted?: Place;
}

const PLAIN = new Ajv2020({ strict: false });

/** The schema files of one version: finds subschemas, follows references, judges documents. */
export class SchemaSide {
  readonly #files: readonly SchemaFile[];
  readonly #names: SchemaNames;
  readonly #compiler: ReturnType<typeof schemaCompiler>;
  readonly #validators = new Map<string, Validator | undefined>();
  readonly name: string;

  /** `name` differs between the two versions of a comparison. */
  constructor(name: string, files: readonly SchemaFile[]) {
    this.name = name;
    this.#files = files;
    this.#names = new SchemaNames(files);
    // The compiler adds to the `type` of a schema that is `nullable`.
    this.#compiler = schemaCompiler(structuredClone(files));
  }

  /** The whole file. Throws BrokenSchema, UnsafePatterns, or the error of ajv where it cannot be compiled. */
  root(name: string): Place {
    this.#compiler.compile(name);
    const file = this.#files.find((one) => one.name === name);
    if (file === undefined) throw new Error(`no schema ${name}`);
    return this.#place(file, '', file.schema);
  }

  #place(file: SchemaFile, pointer: string, schema: unknown): Place {
    const usable = isMap(schema) || typeof schema === 'boolean' ? schema : true;
    return { key: `${this.name}:${file.name}#${pointer}`, schema: usable, pointer, file, side: this };
  }

  child({ file, pointer, schema }: Place, keys: readonly (string | number)[]): Place | undefined {
    const found = under(schema, keys.map(String));
    if (file === undefined || !(isMap(found) || typeof found === 'boolean')) return undefined;
    return this.#place(file, pointerTo(pointer, ...keys), found);
  }

  /** The target of a `$ref`; undefined where only the validator knows it. */
  target({ file }: Place, text: string): Place | undefined {
    if (file === undefined || hasInnerId(file)) return undefined;
    const target = uri.default.resolve(baseOf(file), text);
    const found = this.#names.fileOf(target);
    if (found === undefined || hasInnerId(found)) return undefined;
    const fragment = decodeURIComponent(target.split('#', 2)[1] ?? '');
    if (fragment !== '' && !fragment.startsWith('/')) return this.#anchor(found, fragment);
    const schema = under(found.schema, pointerKeys(fragment));
    return isMap(schema) || typeof schema === 'boolean' ? this.#place(found, fragment, schema) : undefined;
  }

  #anchor(file: SchemaFile, name: string): Place | undefined {
    for (const [at, schema] of schemasIn(file.schema))
      if (schema['$anchor'] === name) return this.#place(file, at, schema);
    return undefined;
  }

  /** Whether the place accepts the document; undefined where the validator itself fails. */
  judge(place: Place, document: unknown): boolean | undefined {
    const { file, pointer, key } = place;
    if (file === undefined) return undefined;
    try {
      if (!this.#validators.has(key)) {
        this.#validators.set(key, undefined);
        const fragment = pointerKeys(pointer).map((step) => encodeURIComponent(pointerTo('', step).slice(1)));
        const target = `${baseOf(file)}#${fragment.map((step) => `/${step}`).join('')}`;
        this.#validators.set(
          key,
          pointer === '' ? this.#compiler.compile(file.name) : this.#compiler.compilePart(file.name, target),
        );
      }
      return this.#validators.get(key)?.(document);
    } catch {
      // It cannot be compiled alone, or refers to itself without an end, which costs much each time.
      this.#validators.set(key, undefined);
      return undefined;
    }
  }
}

/** A base URI that changes within the file: its references are left to the validator. */
function hasInnerId({ schema }: SchemaFile): boolean {
  return [...schemasIn(schema)].some(([at, { $id }]) => at !== '' && $id !== undefined);
}

/** The subschema under these keys, if it is a schema. */
export function childOf(place: Place, ...keys: readonly (string | number)[]): Place | undefined {
  if (place.side !== undefined) return place.side.child(place, keys);
  const found = under(place.schema, keys.map(String));
  return isMap(found) || typeof found === 'boolean' ? condition(found) : undefined;
}

/** A schema that stands in no file. */
export function condition(schema: AnySchemaObject | boolean): Place {
  return { key: `+${JSON.stringify(schema)}`, schema, pointer: '', file: undefined, side: undefined };
}

/** The place of all documents that do not fit `refuted`. */
export function refutationOf(refuted: Place): Place {
  return { key: `!${refuted.key}`, schema: true, pointer: '', file: undefined, side: undefined, refuted };
}

const conditions = new Map<string, Validator>();

/** Whether the place accepts the document; undefined where the validator itself fails. */
export function judge(place: Place, document: unknown): boolean | undefined {
  if (place.refuted !== undefined) {
    const fits = judge(place.refuted, document);
    return fits === undefined ? undefined : !fits;
  }
  if (typeof place.schema === 'boolean') return place.schema;
  if (place.side !== undefined) return place.side.judge(place, document);
  let validator = conditions.get(place.key);
  if (validator === undefined) {
    validator = PLAIN.compile(place.schema);
    conditions.set(place.key, validator);
  }
  return validator(document);
}

/** The value of a keyword; undefined where the schema has none. */
export function keyword(place: Place, name: string): unknown {
  return typeof place.schema === 'object' ? own(place.schema, name) : undefined;
}

/** Whether the file is of draft-07. */
export function isSeventh({ file }: Place): boolean {
  const schema = file?.schema;
  return typeof schema === 'object' && String(schema['$schema']).includes('draft-07');
}
