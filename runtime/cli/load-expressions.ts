import type { CompileExpression } from '#contract/expression.ts';
import { isMap } from '#kit/json-value.ts';
import type { CheckResult } from '../project/check/check-pipeline.ts';
import type { Finding } from '../project/check/findings.ts';
import type { ProjectFolders } from '../project/project-files.ts';
import { readSchemas } from '../project/schemas/load-schemas.ts';

/** The language of expressions, and what is wrong with those of a file. */
interface LoadedExpressions {
  readonly compile: CompileExpression;
  readonly findings: readonly Finding[];
}

/** Loads the language where the file has expressions: most have none, and it is 80 kB. */
export async function loadExpressions(
  { expressions, locate }: Pick<CheckResult, 'expressions' | 'locate'>,
  project: ProjectFolders,
): Promise<LoadedExpressions | undefined> {
  if (expressions.length === 0) return undefined;
  const [{ checkExpressions }, { expressionCompiler }, { patternOf }] = await Promise.all([
    import('../project/check/check-expressions.ts'),
    import('../host/expressions.ts'),
    import('../project/schemas/pattern/pattern.ts'),
  ]);
  const linear = (source: string): ReturnType<typeof patternOf> => patternOf(source, 'u');
  // Errors of the schemas themselves are found by their own check.
  const { files } = readSchemas(project, new Set());
  const byId = new Map(
    [...files.values()].flatMap(({ schema }) => {
      const id = isMap(schema) ? schema['$id'] : undefined;
      return typeof id === 'string' ? [[id, schema] as const] : [];
    }),
  );
  const schemaOf = (name: string): unknown => files.get(name)?.schema ?? byId.get(name);
  return { compile: expressionCompiler(linear), findings: locate(checkExpressions(expressions, schemaOf, linear)) };
}
