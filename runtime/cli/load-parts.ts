import type { Finding } from '../config/findings.ts';
import type { PipelineSpec } from '../config/pipeline-spec.ts';
import { loadFunctions } from '../load-functions.ts';
import { loadSchemas } from '../load-schemas.ts';
import { type ProjectFolders, projectFile } from '../project-files.ts';
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

/** Compiles what a checked pipeline names. */
export async function loadParts(
  spec: PipelineSpec,
  project: ProjectFolders,
): Promise<{ parts: ProjectParts; findings: readonly Finding[] }> {
  const { functions, findings } = await loadFunctions(functionPaths(spec, project), project.folder);
  const schemas = loadSchemas(namesUsed(spec, 'validate'), project);
  return { parts: { functions, validators: schemas.validators }, findings: [...findings, ...schemas.findings] };
}
