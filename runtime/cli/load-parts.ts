import type { Finding } from '../config/findings.ts';
import type { PipelineSpec } from '../config/pipeline-spec.ts';
import { checkTypes } from '../check-types.ts';
import { loadFunctions } from '../load-functions.ts';
import { loadSchemas } from '../load-schemas.ts';
import { type ProjectFolders, projectFile } from '../project-files.ts';
import { type CheckedPipeline, readPipeline } from './checked-pipeline.ts';
import type { ProjectParts } from '../wire.ts';

/** The names that a pipeline's stages use of one folder, each once. */
export function namesUsed(spec: PipelineSpec, verb: string): readonly string[] {
  const stages = spec.routes.flatMap((route) => route.stages);
  return [...new Set(stages.filter((stage) => stage.verb === verb).map((stage) => stage.name))];
}

/** Paths of the function files that a pipeline uses, by name. */
export function functionPaths(spec: PipelineSpec, project: ProjectFolders): ReadonlyMap<string, string> {
  return new Map(namesUsed(spec, 'function').map((name) => [name, projectFile(project, 'functions', name)]));
}

/** A pipeline with everything that it names. `parts` is there exactly where a spec is; `findings` are all that there are. */
export interface LoadedPipeline extends CheckedPipeline {
  readonly parts: ProjectParts | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads and judges a pipeline file, and compiles what it names; to `check` it, the types of its functions as well. Throws
 * UsageError when there is none.
 */
export async function loadPipeline(file: string, mode: 'check' | 'run'): Promise<LoadedPipeline> {
  const checked = readPipeline(file, mode);
  const { spec, findings } = checked.result;
  if (spec === undefined) return { ...checked, parts: undefined, findings };
  const [loaded, types] = await Promise.all([
    loadParts(spec, checked.project),
    mode === 'check' ? checkTypes(functionPaths(spec, checked.project).values(), checked.project.folder) : [],
  ]);
  // Of a file that does not even compile nothing more is said.
  const broken = new Set(loaded.findings.map((finding) => finding.file));
  const others = types.filter((finding) => !broken.has(finding.file));
  return { ...checked, parts: loaded.parts, findings: [...findings, ...loaded.findings, ...others] };
}

/** Compiles what a checked pipeline names. */
export async function loadParts(
  spec: PipelineSpec,
  project: ProjectFolders,
): Promise<{ parts: ProjectParts; findings: readonly Finding[] }> {
  const { functions, findings } = await loadFunctions(functionPaths(spec, project), project.folder);
  const schemas = loadSchemas(namesUsed(spec, 'validate'), project);
  return { parts: { functions, validators: schemas.validators }, findings: [...findings, ...schemas.findings] };
}
