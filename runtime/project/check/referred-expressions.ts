import type { CompileExpression } from '#contract/expression.ts';
import type { JudgedFile } from '../read/ends.ts';
import { expressionSites } from './expression-sites.ts';

/** Reports each expression that came by reference and does not compile: all others were checked with the file. */
export function checkReferredExpressions(file: JudgedFile, compile: CompileExpression): void {
  for (const { at, text, isField, isKnown, reference, use } of expressionSites(file)) {
    if (reference === undefined || isField || !isKnown) continue;
    try {
      compile(text, use);
    } catch {
      // What is wrong with it would show its text.
      file.findings.add({
        at,
        code: 'EXPRESSION_SYNTAX',
        expected: 'an expression of CEL, which fits this place',
        found: `${reference}, whose content is something else (it is not shown)`,
        write:
          'an expression where the reference leads, and see what is wrong with it in a file of its own: sluice check',
      });
    }
  }
}
