import { catalog } from '../../runtime/host/catalog.ts';
import { type CheckResult, checkPipeline } from '../../runtime/project/check/check-pipeline.ts';

/** What `check`, or `mode`, says of a pipeline file that names no functions, no schemas and no files; a map is written as JSON. */
export function checkedFile(
  file: string | object,
  { mode = 'check', environment = {} }: { mode?: 'check' | 'run'; environment?: Record<string, string> } = {},
): CheckResult {
  return checkPipeline({
    text: typeof file === 'string' ? file : JSON.stringify(file),
    file: 'p.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment,
    readFile: () => '',
    mode,
  });
}
