import type { ExpressionResult } from '#contract/expression.ts';
import type { StageExpression } from '#contract/stage-kind.ts';

/** JSON Schema of an expression. */
export const EXPRESSION_SCHEMA = { type: 'string', minLength: 1 } as const;

/** The expression at this place of a stage; none where something else stands there, which the schema refuses. */
export function textsOf(path: readonly string[], value: unknown, result: ExpressionResult): readonly StageExpression[] {
  return typeof value === 'string' && value !== '' ? [{ path, text: value, result }] : [];
}
