import { readFileSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import { catalog } from '../host/catalog.ts';
import { type CheckedFile, checkPipeline } from '../project/check/check-pipeline.ts';
import type { SchemaReader } from '../project/guards/check-guard-schemas.ts';
import { projectFolder } from '../project/project-folder.ts';
import { readSchemas } from '../project/schemas/load-schemas.ts';
import { policyNames, readPolicy } from '../project/labels/read-policy.ts';
import { type ProjectFolders, readProjectFolders, referenceReader } from '../project/project-files.ts';
import type { ReferenceSources } from '../project/read/references.ts';
import { UsageError } from './command.ts';
import { withShortPath, shortPath } from './short-path.ts';

/** A checked pipeline file, and the project that it belongs to. */
export interface CheckedPipeline {
  readonly result: CheckedFile;
  readonly project: ProjectFolders;
}

/** Reads and checks a pipeline file. Throws UsageError when there is none. `surroundings`: of its references; default: those of this process. */
export function readPipeline(
  file: string,
  mode: 'check' | 'run',
  surroundings?: Pick<ReferenceSources, 'environment' | 'readFile'>,
): CheckedPipeline {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`expected a pipeline file, found ${messageOf(thrown)}`);
  }
  const project = readProjectFolders(projectFolder(file));
  const result = checkPipeline({
    text,
    file: shortPath(file),
    catalog,
    project,
    policies: { names: policyNames(project), read: (name) => readPolicy(name, project) },
    schemas: schemaReader(project),
    environment: process.env,
    readFile: referenceReader(project.folder),
    ...surroundings,
    mode,
  });
  return { result: { ...result, findings: result.findings.map(withShortPath) }, project };
}

/** Reads the schemas when the first guard names one: most pipelines have none. */
function schemaReader(project: ProjectFolders): SchemaReader {
  const names = project.schemas.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  let files: ReturnType<typeof readSchemas>['files'] | undefined;
  return {
    names,
    read: (name) => (files ??= readSchemas(project, new Set()).files).get(name)?.schema,
  };
}
