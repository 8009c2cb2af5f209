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

/** A pipeline with everything that it names. `parts` is there exactly where a spec is; `findings` are all that there are. */
export interface LoadedPipeline extends CheckedPipeline {
  readonly parts: ProjectParts | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads and judges a pipeline file, and compiles what it names; to `check` it, the types of its functions as well, and all of
 * that also where something else is wrong. Throws UsageError when there is none.
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
  // Of a file that does not even compile nothing more is said.
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
  { functions: names, schemas: schemaNames }: NamedFiles,
  project: ProjectFolders,
): Promise<{ parts: ProjectParts; findings: readonly Finding[] }> {
  const { functions, findings } = await loadFunctions(functionPaths(names, project), project.folder);
  const schemas = loadSchemas(schemaNames, project);
  return { parts: { functions, validators: schemas.validators }, findings: [...findings, ...schemas.findings] };
}
