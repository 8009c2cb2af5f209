import { isStackOverflow, messageOf } from '#contract/errors.ts';
import { shortened } from '#kit/shortened.ts';
import { _, Ajv, type AnySchemaObject, type CodeKeywordDefinition, MissingRefError, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { _Code } from 'ajv/dist/compile/codegen/code.js';
import { useFunc } from 'ajv/dist/compile/util.js';
import addFormats from 'ajv-formats';
import { NotLinear } from './pattern/program.ts';
import { formats } from './formats.ts';
import { type Pattern, patternOf } from './pattern/pattern.ts';
import { ambiguousName, BrokenSchema, flawsIn, missingReference, type SchemaFlaw } from './schema-flaws.ts';
import { idOf, type SchemaFile, SchemaNames } from './schema-names.ts';
import { circularReferences } from './circular-references.ts';
import { schemasIn } from './schema-walk.ts';
import { areUnique } from './unique-items.ts';
import { mendKeywords } from './mended-keywords.ts';
import type { Validator } from '#contract/validator.ts';

// Validation of a body ends at its first error: a list of all errors could fill the memory. Formats are checked, and
// unknown ones refused.
const OPTIONS: Options = {
  allErrors: false,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  strictTuples: false,
};

/** A pattern that could block the process: no automaton can run it, and the engine may backtrack without end. */
export interface UnsafePattern {
  readonly pattern: string;
  /** The unsafe part of it. */
  readonly why: string;
}

/** The schema is valid except for its patterns. */
export class UnsafePatterns extends Error {
  override readonly name = 'UnsafePatterns';
  readonly patterns: readonly UnsafePattern[];

  constructor(patterns: readonly UnsafePattern[]) {
    super(patterns.map(({ pattern, why }) => `the pattern ${JSON.stringify(pattern)} has ${why}`).join('; '));
    this.patterns = patterns;
  }
}

/** The modules that compiled schemas call, by the names under which bundles resolve them. They lie beside this file. */
export const SCHEMA_PARTS: ReadonlyMap<string, string> = new Map(
  ['pattern', 'unique-items', 'formats'].map((name) => [
    `sluice:schema/${name}`,
    name === 'pattern' ? 'pattern/pattern.ts' : `${name}.ts`,
  ]),
);

/** How compiled source makes a pattern that runs natively. */
const NATIVE = 'new RegExp';

const partOf = (name: string): string => `require("sluice:schema/${name}")`;

/** Compiles the project's schemas by name. */
export interface SchemaCompiler<Compiled> {
  /** Throws BrokenSchema, UnsafePatterns, or the error of ajv. */
  compile(name: string): Compiled;
  /** The errors of each file on its own, by name. */
  readonly flaws: ReadonlyMap<string, readonly SchemaFlaw[]>;
  readonly names: SchemaNames;
}

export interface PartCompiler {
  /** Compiles the schema at a place of that file: `target` is its URI with a pointer. Throws as `compile` does. */
  compilePart(name: string, target: string): Validator;
}

/**
 * A compiler of schemas by name, 2020-12 unless `$schema` says draft-07. It has every valid schema of the project
 * by its `$id` and by the name of its file, so that one may refer to another of its dialect.
 */
export function schemaCompiler(files: readonly SchemaFile[]): SchemaCompiler<Validator> & PartCompiler {
  const known = dialects(files, OPTIONS, NATIVE);
  return {
    flaws: known.flaws,
    names: known.names,
    compile(name) {
      const { ajv, schema } = known.find(name);
      return known.safely(name, () => ajv.compile(schema));
    },
    compilePart(name, target) {
      const { ajv } = known.find(name);
      return known.safely(name, () => ajv.compile({ $ref: target }));
    },
  };
}

/** As `schemaCompiler`, but to the source text of a module whose default export is the validator: bundles hold no compiler. */
export function schemaModuleCompiler(files: readonly SchemaFile[]): SchemaCompiler<string> {
  const options = { ...OPTIONS, code: { source: true, esm: true } };
  const known = dialects(files, options, NATIVE);
  return {
    flaws: known.flaws,
    names: known.names,
    compile(name) {
      const native = sourceOf(known, name);
      // Most schemas need neither parser nor automaton in their bundle.
      return known.hasAutomaton() ? sourceOf(dialects(files, options, `${partOf('pattern')}.patternOf`), name) : native;
    },
  };
}

function sourceOf(known: Dialects, name: string): string {
  const { ajv, schema } = known.find(name);
  return standaloneCode.default(
    ajv,
    known.safely(name, () => ajv.compile(schema)),
  );
}

interface Found {
  readonly ajv: Ajv;
  readonly schema: AnySchemaObject | boolean;
}

interface Dialects {
  /** Throws where there is none; throws BrokenSchema where it has errors. */
  find(name: string): Found;
  /** The compiled schema of that name. Throws UnsafePatterns, or BrokenSchema where a `$ref` leads nowhere. */
  safely<Compiled>(name: string, compile: () => Compiled): Compiled;
  /** Whether any pattern that was compiled so far does not run natively. */
  hasAutomaton(): boolean;
  readonly flaws: ReadonlyMap<string, readonly SchemaFlaw[]>;
  readonly names: SchemaNames;
}

function dialects(files: readonly SchemaFile[], options: Options, patterns: string): Dialects {
  const met: Met = { unsafe: [], hasAutomaton: false };
  const all = { ...options, code: { ...options.code, regExp: engine(met, patterns) } };
  const latest = new Ajv2020(all);
  const seventh = new Ajv(all);
  // ajv resolves anchors and does not count them among its keywords.
  latest.addKeyword('$anchor');
  for (const ajv of [latest, seventh]) {
    addFormats.default(ajv);
    for (const [name, format] of Object.entries(formats)) ajv.addFormat(name, format);
    ajv.opts.code.formats = new _Code(`${partOf('formats')}.formats`);
    ajv.removeKeyword('uniqueItems').addKeyword(UNIQUE_ITEMS);
    mendKeywords(ajv);
  }
  const of = (schema: SchemaFile['schema']): Ajv => (dialect(schema) === 'draft-07' ? seventh : latest);
  const names = new SchemaNames(files);
  const flaws = new Map<string, readonly SchemaFlaw[]>();
  for (const file of files) {
    const { name, schema } = file;
    const flaw = flawOf(file, files);
    const found = flaw === undefined ? [...flawsIn(schema, of(schema)), ...circularReferences(file, names)] : [flaw];
    if (found.length > 0) flaws.set(name, found);
  }
  for (const [name, file] of names.entries()) {
    const ajv = of(file.schema);
    // A schema with errors must not be compiled into another.
    if (flaws.has(file.name) || ajv.schemas[name] !== undefined) continue;
    try {
      ajv.addSchema(file.schema, name);
    } catch (thrown) {
      flaws.set(file.name, [ambiguousName(file.schema, messageOf(thrown))]);
    }
  }
  const byName = new Map(files.map((file) => [file.name, file.schema]));
  return {
    flaws,
    names,
    safely(name, compile) {
      met.unsafe.length = 0;
      const compiled = referring(name, compile);
      if (met.unsafe.length > 0) throw new UnsafePatterns([...met.unsafe]);
      return compiled;
    },
    hasAutomaton: () => met.hasAutomaton,
    find(name) {
      const schema = byName.get(name);
      if (schema === undefined) throw new Error(`no schema ${name}`);
      const found = flaws.get(name);
      if (found !== undefined) throw new BrokenSchema(found);
      return { ajv: of(schema), schema };
    },
  };

  function referring<Compiled>(name: string, compile: () => Compiled): Compiled {
    try {
      return compile();
    } catch (thrown) {
      if (!(thrown instanceof MissingRefError)) throw new BrokenSchema([uncompiled(byName.get(name), thrown)]);
      const own = byName.get(name) ?? true;
      const missing = missingReference(thrown, names, names.withReferred([name]), (file) => {
        if (flaws.has(file.name)) return 'that file is broken itself';
        return dialect(file.schema) === dialect(own)
          ? undefined
          : `that file is of another draft (${dialect(file.schema)})`;
      });
      throw missing === undefined ? thrown : new BrokenSchema([missing.flaw], missing.file.name);
    }
  }
}

const MOST_TRIED = 1000;

/** What ajv says of a schema as a whole, at the innermost place of which it says the same. */
function uncompiled(whole: unknown, thrown: unknown): SchemaFlaw {
  const found = shortened(messageOf(thrown), 200);
  // A smaller part would say nothing else.
  if (isStackOverflow(thrown))
    return { at: '', expected: 'a schema that ajv can compile', found, write: 'a flatter one' };
  // The inner ones come last.
  const places = [...schemasIn(whole)].toReversed().slice(0, MOST_TRIED);
  const said = ([, schema]: (typeof places)[number]): string | undefined => {
    try {
      new Ajv2020({ ...OPTIONS, validateSchema: false }).compile({ ...schema, $id: 'part' });
      return undefined;
    } catch (again) {
      return messageOf(again);
    }
  };
  const at = places.find((place) => said(place) === messageOf(thrown))?.[0] ?? '';
  return { at, expected: 'a schema that ajv can compile', found, write: '' };
}

/** The result of compiling the patterns of a schema. */
interface Met {
  readonly unsafe: UnsafePattern[];
  hasAutomaton: boolean;
}

/** Compiles patterns and collects the unsafe ones, so that all of a schema are reported at once. */
function engine(met: Met, code: string): NonNullable<NonNullable<Options['code']>['regExp']> {
  const compile = (pattern: string, flags: string): RegExp | Pattern => {
    try {
      const compiled = patternOf(pattern, flags);
      if (!(compiled instanceof RegExp)) met.hasAutomaton = true;
      return compiled;
    } catch (thrown) {
      if (!(thrown instanceof NotLinear)) throw thrown;
      met.unsafe.push({ pattern, why: thrown.message });
      return new RegExp(pattern, flags);
    }
  };
  return Object.assign(compile, { code });
}

const UNIQUE_ITEMS: CodeKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  code(context) {
    if (context.schema !== true) return;
    const call = useFunc(context.gen, Object.assign(areUnique, { code: `${partOf('unique-items')}.areUnique` }));
    context.fail(_`!${call}(${context.data})`);
  },
};

/** An error that makes further checks of a file pointless; undefined for a usable file. */
function flawOf({ name, schema }: SchemaFile, files: readonly SchemaFile[]): SchemaFlaw | undefined {
  const id = idOf(schema);
  const twin = id === undefined ? undefined : files.find((file) => file.name !== name && idOf(file.schema) === id);
  if (twin !== undefined) {
    const found = `${JSON.stringify(id)}, which is also that of ${twin.name}.json`;
    return { at: '/$id', expected: 'an $id that no other file has', found, write: 'another $id, or none' };
  }
  if (dialect(schema) === undefined) {
    const found = shortened(JSON.stringify(typeof schema === 'object' ? schema['$schema'] : schema), 60);
    return { at: '/$schema', expected: '2020-12 or draft-07', found, write: LATEST };
  }
  // The validator of an asynchronous schema returns a promise, which is always truthy.
  if (typeof schema === 'object' && schema['$async'] !== undefined) {
    const found = '$async, which no stage waits for';
    return {
      at: '/$async',
      side: 'key',
      expected: 'a schema that answers at once',
      found,
      write: 'nothing: remove $async',
    };
  }
  return undefined;
}

const LATEST = '"$schema": "https://json-schema.org/draft/2020-12/schema"';

function dialect(schema: SchemaFile['schema']): '2020-12' | 'draft-07' | undefined {
  const named: unknown = typeof schema === 'object' ? schema['$schema'] : undefined;
  if (named === undefined) return '2020-12';
  if (typeof named !== 'string') return undefined;
  if (/^https:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/.test(named)) return '2020-12';
  return /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/.test(named) ? 'draft-07' : undefined;
}
