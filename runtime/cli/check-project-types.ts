import type { CheckedFile } from '../project/check/check-pipeline.ts';
import type { Finding } from '../project/check/findings.ts';
import { callAssertions } from '../project/functions/call-types.ts';
import { checkTypes } from '../project/functions/check-types.ts';
import type { ProjectFolders } from '../project/project-files.ts';
import { projectTypes, typesDrift, usesTypes } from '../project/types/written-types.ts';
import { functionPaths } from './function-paths.ts';

/**
 * Checks the types of a pipeline's functions: on their own, against the schemas between which the pipeline calls them, and the file
 * of the schemas' types itself. A schema file that is no JSON has a finding elsewhere: no types are made then.
 */
export async function checkProjectTypes(
  { named, calls }: Pick<CheckedFile, 'named' | 'calls'>,
  project: ProjectFolders,
): Promise<readonly Finding[]> {
  const { folder } = project;
  const paths = functionPaths(named.functions, project);
  const files = [...paths.values()];
  const isUsed = usesTypes(folder, files);
  const isBesideSchema = calls.some(({ before, after }) => before.length + after.length > 0);
  const types = isUsed || isBesideSchema ? projectTypes(project) : undefined;
  const schemas = types !== undefined && 'made' in types ? types.made : undefined;
  const assertions = schemas && callAssertions({ calls, paths, schemas });
  const drift = isUsed && schemas !== undefined ? typesDrift(schemas, folder, files) : [];
  return [...drift, ...(await checkTypes({ paths, calls: assertions }, folder))];
}
