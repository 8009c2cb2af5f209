import type { NamedFiles } from '../project/check/check-names.ts';
import type { Finding } from '../project/check/findings.ts';
import { loadFunctions } from '../project/functions/load-functions.ts';
import { loadSchemas } from '../project/schemas/load-schemas.ts';
import type { ProjectFolders } from '../project/project-files.ts';
import { functionPaths } from './function-paths.ts';
import { checkProjectTypes } from './check-project-types.ts';
import type { CheckResult } from '../project/check/check-pipeline.ts';
import { loadCodecs } from './load-codecs.ts';
import { withShortPath, shortPath } from './short-path.ts';
import { type CheckedPipeline, readPipeline } from './checked-pipeline.ts';
import { loadExpressions } from './load-expressions.ts';
import type { ProjectParts } from '../host/wire.ts';

/** A pipeline with all parts that it names. `parts` is defined exactly if `spec` is; `findings`: all of both. */
export interface LoadedPipeline extends CheckedPipeline {
  readonly parts: ProjectParts | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads and checks a pipeline file, and compiles the parts that it names. `check` includes the types of its functions, and
 * goes on after each finding. Throws UsageError when there is no file.
 */
export async function loadPipeline(file: string, mode: 'check' | 'run'): Promise<LoadedPipeline> {
  const checked = readPipeline(file, mode);
  const { spec, findings, named } = checked.result;
  if (spec === undefined && mode === 'run') return { ...checked, parts: undefined, findings };
  const { project } = checked;
  const [loaded, types] = await Promise.all([
    loadParts(named, project, { ...checked.result, file: shortPath(file) }),
    mode === 'check' ? checkProjectTypes(checked.result, project) : [],
  ]);
  // A file that does not compile has no further findings.
  const broken = new Set(loaded.findings.map((finding) => finding.file));
  const others = types
    .map(withShortPath)
    .filter(({ code, file: at }) => !broken.has(at) && !(broken.size > 0 && code === 'FUNCTION_SCHEMAS'));
  return {
    ...checked,
    parts: spec === undefined ? undefined : loaded.parts,
    findings: [...inOrder(findings, loaded.findings, shortPath(file)), ...others],
  };
}

/** Findings of expressions stand among those of their file; those of other files follow. */
function inOrder(findings: readonly Finding[], loaded: readonly Finding[], file: string): readonly Finding[] {
  const [own, others] = [loaded.filter((one) => one.file === file), loaded.filter((one) => one.file !== file)];
  if (own.length === 0) return [...findings, ...others];
  return [...[...findings, ...own].toSorted((a, b) => a.line - b.line || a.column - b.column), ...others];
}

/**
 * Compiles functions and schemas, makes codecs, and checks the expressions of a file, whose name in findings is `file`. `files`: those of
 * the project that functions were compiled of, from its folder.
 */
export async function loadParts(
  { functions: names, schemas: schemaNames, codecs: uses, hasGuards }: NamedFiles,
  project: ProjectFolders,
  checked?: Pick<CheckResult, 'expressions' | 'locate'> & { readonly file: string },
): Promise<{ parts: ProjectParts; findings: readonly Finding[]; files: readonly string[] }> {
  const { functions, findings, files } = await loadFunctions(functionPaths(names, project), project.folder);
  const schemas = loadSchemas(schemaNames, project);
  const codecs = await loadCodecs(uses, project, checked?.file ?? '');
  const language = checked === undefined ? undefined : await loadExpressions(checked, project);
  const openGuards = hasGuards === true ? (await import('../host/guard-desk.ts')).openGuards : undefined;
  const { validators } = schemas;
  const parts = { functions, validators, codecs: codecs.codecs, compileExpression: language?.compile, openGuards };
  return {
    parts,
    files,
    findings: [...findings, ...schemas.findings, ...codecs.findings, ...(language?.findings ?? [])].map(withShortPath),
  };
}
