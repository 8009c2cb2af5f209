import { readFileSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import { shortened } from '#kit/shortened.ts';
import type { Finding } from './config/findings.ts';
import { asMap, isMap } from './config/plain.ts';
import { type ProjectFolders, projectFile } from './project-files.ts';
import { type SchemaFile, schemaCompiler, type UnsafePattern, UnsafePatterns } from './stages/compile-schemas.ts';
import type { Validator } from './stages/validate.ts';

const MOST_SHOWN = 60;

export interface SchemasLoaded {
  readonly validators: ReadonlyMap<string, Validator>;
  readonly findings: readonly Finding[];
}

/**
 * Compiles the schemas of these names. What is wrong with a file comes as findings: an error where the pipeline names
 * the file, else a warning, for it may be what another one refers to.
 */
export function loadSchemas(names: Iterable<string>, project: ProjectFolders): SchemasLoaded {
  const wanted = new Set(names);
  const { files, findings } = readSchemas(project, wanted);
  const compiler = schemaCompiler([...files.values()]);
  const validators = new Map<string, Validator>();
  for (const name of wanted) {
    if (!files.has(name)) continue;
    try {
      validators.set(name, compiler.compile(name));
    } catch (thrown) {
      if (thrown instanceof UnsafePatterns)
        findings.push(...thrown.patterns.map((unsafe) => unsafePattern(unsafe, [name, ...files.keys()], project)));
      else findings.push(broken(pathOf(project, name), 'error', 'a schema that ajv can compile', messageOf(thrown)));
    }
  }
  for (const [name, flaw] of compiler.flaws) {
    if (!wanted.has(name)) findings.push(broken(pathOf(project, name), 'warning', 'a schema to refer to', flaw));
  }
  return { validators, findings };
}

/** Every schema file of the project, so that one may refer to another by its `$id`. */
export function readSchemas(
  project: ProjectFolders,
  wanted: ReadonlySet<string>,
): { files: Map<string, SchemaFile>; findings: Finding[] } {
  const files = new Map<string, SchemaFile>();
  const findings: Finding[] = [];
  for (const file of project.schemas) {
    if (!file.endsWith('.json')) continue;
    const name = file.slice(0, -'.json'.length);
    const path = pathOf(project, name);
    const severity = wanted.has(name) ? 'error' : 'warning';
    try {
      const schema: unknown = JSON.parse(readFileSync(path, 'utf8'));
      if (isMap(schema) || typeof schema === 'boolean') files.set(name, { name, schema });
      else findings.push(broken(path, severity, 'a JSON object, the schema', `a ${typeof schema}`));
    } catch (thrown) {
      findings.push({ ...broken(path, severity, 'JSON', messageOf(thrown)), ...placeIn(messageOf(thrown)) });
    }
  }
  return { files, findings };
}

/** These schemas and all that they refer to, each once: what a validator is made of. */
export function withReferred(names: readonly string[], files: ReadonlyMap<string, SchemaFile>): readonly string[] {
  const byId = new Map<string, string>();
  for (const { name, schema } of files.values()) {
    const id = asMap(schema)['$id'];
    if (typeof id === 'string') byId.set(id.replace(/#$/, ''), name);
  }
  const all = new Set(names);
  for (const name of all) {
    const schema = files.get(name)?.schema;
    const base = asMap(schema)['$id'];
    for (const reference of references(schema)) {
      const referred = byId.get(documentOf(reference, typeof base === 'string' ? base : undefined));
      if (referred !== undefined) all.add(referred);
    }
  }
  return [...all];
}

function* references(value: unknown): Generator<string> {
  for (const [key, item] of Object.entries(Array.isArray(value) ? value : asMap(value))) {
    if (key === '$ref' && typeof item === 'string') yield item;
    else yield* references(item);
  }
}

function documentOf(reference: string, base: string | undefined): string {
  const url = URL.parse(reference, base)?.href ?? reference;
  return url.split('#', 1)[0] ?? '';
}

function pathOf(project: ProjectFolders, name: string): string {
  return projectFile(project, 'schemas', name);
}

function broken(file: string, severity: Finding['severity'], expected: string, found: string): Finding {
  return { severity, code: 'SCHEMA_BROKEN', file, line: 1, column: 1, path: '', expected, found, write: '' };
}

/** The pattern stands in one of these schemas, mostly in the first. */
function unsafePattern({ pattern, why }: UnsafePattern, names: readonly string[], project: ProjectFolders): Finding {
  const written = JSON.stringify(pattern);
  const found = names.flatMap((name) => {
    const file = pathOf(project, name);
    const text = readFileSync(file, 'utf8');
    const at = text.indexOf(written);
    return at === -1 ? [] : [{ file, ...lineAndColumn(text, at) }];
  });
  const place = found[0] ?? { file: pathOf(project, names[0] ?? ''), line: 1, column: 1 };
  return {
    severity: 'error',
    code: 'PATTERN_UNSAFE',
    ...place,
    path: '',
    expected: 'a pattern that takes time in proportion to the text',
    found: `${shortened(written, MOST_SHOWN)} with ${why}`,
    write: 'a pattern without it, and a function that checks the rest',
  };
}

function lineAndColumn(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** Where JSON.parse says that it stopped; it does not always. */
function placeIn(message: string): Partial<Pick<Finding, 'line' | 'column'>> {
  const place = /\(line (\d+) column (\d+)\)$/.exec(message);
  return place === null ? {} : { line: Number(place[1]), column: Number(place[2]) };
}
