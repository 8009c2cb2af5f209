import { readFileSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import { shortened } from '#kit/shortened.ts';
import type { Finding } from '../check/findings.ts';
import { isMap } from '#kit/json-value.ts';
import { parseYaml } from '../read/yaml-document.ts';
import { schemaCompiler, type UnsafePattern, UnsafePatterns } from './compile-schemas.ts';
import { isBodySchema, type ProjectFolders, projectFile } from '../project-files.ts';
import { DEEPEST_SCHEMA, tooDeepAt } from './depth.ts';
import { BrokenSchema, type SchemaFlaw } from './schema-flaws.ts';
import { idOf, type SchemaFile } from './schema-names.ts';
import type { Validator } from '#contract/validator.ts';

const MOST_SHOWN = 60;

export interface SchemasLoaded {
  readonly validators: ReadonlyMap<string, Validator>;
  readonly findings: readonly Finding[];
}

/**
 * Compiles the schemas of these names. Errors of a file become findings: an error where the pipeline names the file, else
 * a warning, because another schema may refer to it.
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
      else if (thrown instanceof BrokenSchema)
        findings.push(...flawFindings(pathOf(project, thrown.file ?? name), 'error', thrown.flaws));
      else findings.push(broken(pathOf(project, name), 'error', 'a schema that ajv can compile', messageOf(thrown)));
    }
  }
  const referred = new Set(compiler.names.withReferred(wanted).map(({ name }) => name));
  for (const name of referred) findings.push(...repeatedKeys(pathOf(project, name)));
  for (const [name, flaws] of compiler.flaws) {
    // A file that no schema refers to, and that none could refer to by an $id, gets no finding.
    const isOfConcern = referred.has(name) || idOf(files.get(name)?.schema ?? true) !== undefined;
    if (!wanted.has(name) && isOfConcern) findings.push(...flawFindings(pathOf(project, name), 'warning', flaws));
  }
  return { validators, findings: eachOnce(findings) };
}

/** Two schemas may refer to a third one that has an error: it is reported once. */
function eachOnce(findings: readonly Finding[]): readonly Finding[] {
  const places = new Map<string, Finding>();
  for (const finding of findings) {
    const place = `${finding.file}:${finding.line}:${finding.column} ${finding.found}`;
    if (!places.has(place)) places.set(place, finding);
  }
  return [...places.values()];
}

/** Every schema file of the project, so that one may refer to another. */
export function readSchemas(
  project: ProjectFolders,
  wanted: ReadonlySet<string>,
): { files: Map<string, SchemaFile>; findings: Finding[] } {
  const files = new Map<string, SchemaFile>();
  const findings: Finding[] = [];
  for (const file of project.schemas) {
    if (!isBodySchema(file)) continue;
    const name = file.slice(0, -'.json'.length);
    const path = pathOf(project, name);
    const severity = wanted.has(name) ? 'error' : 'warning';
    try {
      const text = textOf(path);
      const schema: unknown = JSON.parse(text);
      const deep = tooDeepAt(text);
      if (deep !== undefined) findings.push(tooDeep(path, severity, text, deep));
      else if (isMap(schema) || typeof schema === 'boolean') files.set(name, { name, schema });
      else findings.push(broken(path, severity, 'a JSON object, the schema', `a ${typeof schema}`));
    } catch (thrown) {
      findings.push({ ...broken(path, severity, 'JSON', messageOf(thrown)), ...placeIn(messageOf(thrown)) });
    }
  }
  return { files, findings };
}

/** The text of a file, without the mark that some editors of Windows write before it. */
function textOf(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}

function pathOf(project: ProjectFolders, name: string): string {
  return projectFile(project, 'schemas', name);
}

export function broken(file: string, severity: Finding['severity'], expected: string, found: string): Finding {
  return { severity, code: 'SCHEMA_BROKEN', file, line: 1, column: 1, path: '', expected, found, write: '' };
}

function tooDeep(file: string, severity: Finding['severity'], text: string, at: number): Finding {
  const found = broken(file, severity, `a schema of at most ${DEEPEST_SCHEMA} levels`, 'one more');
  return { ...found, ...lineAndColumn(text, at), write: 'a schema that refers to itself: "$ref": "#"' };
}

export function flawFindings(
  file: string,
  severity: Finding['severity'],
  flaws: readonly SchemaFlaw[],
  text = readFileSync(file, 'utf8'),
): readonly Finding[] {
  // JSON is YAML, and the YAML reader yields positions.
  const { places } = parseYaml(text);
  const made = flaws.map(({ at, side, expected, found, write, suggestion }) => ({
    severity,
    code: 'SCHEMA_BROKEN' as const,
    file,
    ...places.of(at, side),
    path: at,
    expected,
    found,
    write,
    ...(suggestion !== undefined && { suggestion }),
  }));
  return made.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Keys that stand twice in one map: of two rules of one name JSON keeps the last, without a word. */
function repeatedKeys(file: string): readonly Finding[] {
  const { flaws, places } = parseYaml(textOf(file));
  return flaws
    .filter(({ code }) => code === 'YAML_DUPLICATE_KEY')
    .map(({ at, side, offset, expected = '', found, write = '' }) => ({
      ...broken(file, 'error', expected, found),
      ...(offset === undefined ? places.of(at, side) : places.inText(at, offset)),
      write,
    }));
}

/** The pattern is in one of these schemas, mostly in the first. */
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

/** The position at which JSON.parse stopped; not every error message has one. */
export function placeIn(message: string): Partial<Pick<Finding, 'line' | 'column'>> {
  const place = /\(line (\d+) column (\d+)\)$/.exec(message);
  return place === null ? {} : { line: Number(place[1]), column: Number(place[2]) };
}
