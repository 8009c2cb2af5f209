import { SluiceError } from '#contract/errors.ts';
import type { CompileExpression } from '#contract/expression.ts';
import { ExpressionFlaw } from '../expressions/flaw.ts';
import { compileExpression, type PatternOf } from '../expressions/language.ts';

/** The language of expressions with an engine for the patterns of `matches`. */
export function expressionCompiler(patternOf: PatternOf): CompileExpression {
  return (text, use) => {
    try {
      return compileExpression(text, use, patternOf);
    } catch (thrown) {
      if (!(thrown instanceof ExpressionFlaw)) throw thrown;
      throw new SluiceError('INTERNAL', `an expression was not checked: ${thrown.message}`);
    }
  };
}
