import { messageOf } from '#contract/errors.ts';
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

/** Compiles the project's schemas by name. */
export interface SchemaCompiler<Compiled> {
  /** Throws what is wrong with the schema. */
  compile(name: string): Compiled;
  /** What is wrong with schemas that stand ready for others to refer to, by name. */
  readonly flaws: ReadonlyMap<string, string>;
}

/**
 * A compiler of schemas by name, 2020-12 unless `$schema` says draft-07, that knows every sound schema of the project
 * by its `$id`, so that one may refer to another of its dialect.
 */
export function schemaCompiler(files: readonly SchemaFile[]): SchemaCompiler<Validator> {
  const known = dialects(files, OPTIONS);
  return {
    flaws: known.flaws,
    compile(name) {
      const { ajv, schema } = known.find(name);
      return ajv.compile(schema);
    },
  };
}

/** As `schemaCompiler`, but to the source text of a module whose default export is the validator: bundles hold no compiler. */
export function schemaModuleCompiler(files: readonly SchemaFile[]): SchemaCompiler<string> {
  const known = dialects(files, { ...OPTIONS, code: { source: true, esm: true } });
  return {
    flaws: known.flaws,
    compile(name) {
      const { ajv, schema } = known.find(name);
      return standaloneCode.default(ajv, ajv.compile(schema));
    },
  };
}

interface Found {
  readonly ajv: Ajv;
  readonly schema: AnySchemaObject | boolean;
}

interface Dialects {
  /** Throws where there is none, or a flawed one. */
  find(name: string): Found;
  readonly flaws: ReadonlyMap<string, string>;
}

function dialects(files: readonly SchemaFile[], options: Options): Dialects {
  const latest = new Ajv2020(options);
  const seventh = new Ajv(options);
  for (const ajv of [latest, seventh]) addFormats.default(ajv);
  const of = (schema: SchemaFile['schema']): Ajv => (dialect(schema) === 'draft-07' ? seventh : latest);
  const flaws = new Map<string, string>();
  for (const { name, schema } of files) {
    const flaw = flawOf({ name, schema }, files);
    if (flaw !== undefined) flaws.set(name, flaw);
    else if (idOf(schema) !== undefined && typeof schema === 'object') {
      try {
        of(schema).addSchema(schema);
      } catch (thrown) {
        // It stands in the compiler already: unsound, it must not be compiled into another.
        of(schema).removeSchema(schema);
        flaws.set(name, messageOf(thrown));
      }
    }
  }
  const byName = new Map(files.map((file) => [file.name, file.schema]));
  return {
    flaws,
    find(name) {
      const schema = byName.get(name);
      if (schema === undefined) throw new Error(`no schema ${name}`);
      const flaw = flaws.get(name);
      if (flaw !== undefined) throw new Error(flaw);
      return { ajv: of(schema), schema };
    },
  };
}

function flawOf({ name, schema }: SchemaFile, files: readonly SchemaFile[]): string | undefined {
  const id = idOf(schema);
  const twin = id === undefined ? undefined : files.find((file) => file.name !== name && idOf(file.schema) === id);
  if (twin !== undefined) return `$id ${JSON.stringify(id)}, which is also that of ${twin.name}`;
  if (dialect(schema) === undefined) return 'a $schema that is neither 2020-12 nor draft-07';
  // Its validator answers with a promise, and a promise is true.
  if (typeof schema === 'object' && schema['$async'] !== undefined) return '$async, which no stage waits for';
  return undefined;
}

function idOf(schema: SchemaFile['schema']): string | undefined {
  const id: unknown = typeof schema === 'object' ? schema['$id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

function dialect(schema: SchemaFile['schema']): '2020-12' | 'draft-07' | undefined {
  const named: unknown = typeof schema === 'object' ? schema['$schema'] : undefined;
  if (named === undefined) return '2020-12';
  if (typeof named !== 'string') return undefined;
  if (/^https:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/.test(named)) return '2020-12';
  return /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/.test(named) ? 'draft-07' : undefined;
}
