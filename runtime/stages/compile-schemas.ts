import { Ajv, type AnySchemaObject, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import addFormats from 'ajv-formats';
import type { Validator } from './validate.ts';

/** A schema file of the project, parsed. */
export interface SchemaFile {
  /** Without folder and ending. */
  readonly name: string;
  readonly schema: AnySchemaObject | boolean;
}

// All that is wrong, for the dead letter; never the value itself. Formats are checked, unknown ones refused.
const OPTIONS: Options = {
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  strictTuples: false,
};

/**
 * A compiler of schemas by name, 2020-12 unless `$schema` says draft-07, that knows every schema of the project by its
 * `$id`, so that one may refer to another. It throws what ajv says of a schema.
 */
export function schemaCompiler(files: readonly SchemaFile[]): (name: string) => Validator {
  const find = dialects(files, OPTIONS);
  return (name) => {
    const { ajv, schema } = find(name);
    return ajv.compile(schema);
  };
}

/** As `schemaCompiler`, but to the source text of a module whose default export is the validator: bundles hold no compiler. */
export function schemaModuleCompiler(files: readonly SchemaFile[]): (name: string) => string {
  const find = dialects(files, { ...OPTIONS, code: { source: true, esm: true } });
  return (name) => {
    const { ajv, schema } = find(name);
    return standaloneCode.default(ajv, ajv.compile(schema));
  };
}

interface Found {
  readonly ajv: Ajv;
  readonly schema: AnySchemaObject | boolean;
}

function dialects(files: readonly SchemaFile[], options: Options): (name: string) => Found {
  const latest = new Ajv2020(options);
  const seventh = new Ajv(options);
  for (const ajv of [latest, seventh]) addFormats.default(ajv);
  const of = (schema: SchemaFile['schema']): Ajv => (isSeventh(schema) ? seventh : latest);
  for (const { schema } of files) {
    if (typeof schema === 'object' && typeof schema['$id'] === 'string') of(schema).addSchema(schema);
  }
  const byName = new Map(files.map((file) => [file.name, file.schema]));
  return (name) => {
    const schema = byName.get(name);
    if (schema === undefined) throw new Error(`no schema ${name}`);
    return { ajv: of(schema), schema };
  };
}

function isSeventh(schema: SchemaFile['schema']): boolean {
  const dialect: unknown = typeof schema === 'object' ? schema['$schema'] : undefined;
  return typeof dialect === 'string' && dialect.includes('draft-07');
}
