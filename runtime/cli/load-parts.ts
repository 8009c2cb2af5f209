import type { NamedFiles } from '../project/check/check-names.ts';
import type { Finding } from '../project/check/findings.ts';
import { checkTypes } from '../project/functions/check-types.ts';
import { loadFunctions } from '../project/functions/load-functions.ts';
import { loadSchemas } from '../project/schemas/load-schemas.ts';
import { type ProjectFolders, projectFile } from '../project/project-files.ts';
import { type CheckedPipeline, readPipeline } from './checked-pipeline.ts';
import type { ProjectParts } from '../host/wire.ts';

/** Paths of function files, by name. */
export function functionPaths(names: readonly string[], project: ProjectFolders): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name, projectFile(project, 'functions', name)]));
}

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
    loadParts(named, project),
    mode === 'check' ? checkTypes(functionPaths(named.functions, project).values(), project.folder) : [],
  ]);
  // A file that does not compile has no further findings.
  const broken = new Set(loaded.findings.map((finding) => finding.file));
  const others = types.filter((finding) => !broken.has(finding.file));
  return {
    ...checked,
    parts: spec === undefined ? undefined : loaded.parts,
    findings: [...findings, ...loaded.findings, ...others],
  };
}

/** Compiles functions and schemas. */
export async function loadParts(
  { functions: names, schemas: schemaNames, hasGuards }: NamedFiles,
  project: ProjectFolders,
): Promise<{ parts: ProjectParts; findings: readonly Finding[] }> {
  const { functions, findings } = await loadFunctions(functionPaths(names, project), project.folder);
  const schemas = loadSchemas(schemaNames, project);
  const openGuards = hasGuards === true ? (await import('../host/guard-desk.ts')).openGuards : undefined;
  return {
    parts: { functions, validators: schemas.validators, openGuards },
    findings: [...findings, ...schemas.findings],
  };
}
