import { checkField } from '../../expressions/field.ts';
import { checkExpression, type PatternOf } from '../../expressions/language.ts';
import { ExpressionFlaw, positionIn } from '../../expressions/flaw.ts';
import type { ExpressionSite } from './expression-sites.ts';
import type { FindingDraft } from './finding-list.ts';
import { bodyTypeOf, type SchemaOf } from './schema-types.ts';

const CODES = {
  syntax: 'EXPRESSION_SYNTAX',
  variable: 'EXPRESSION_FIELD',
  field: 'EXPRESSION_FIELD',
  type: 'EXPRESSION_TYPE',
  pattern: 'PATTERN_UNSAFE',
} as const;

/** Checks every expression of a file. One finding each: behind a mistake the rest is a guess. */
export function checkExpressions(
  sites: readonly ExpressionSite[],
  schemaOf: SchemaOf,
  patternOf: PatternOf,
): readonly FindingDraft[] {
  const known = sites.filter(({ isKnown }) => isKnown);
  return known.flatMap((site) => {
    const body = site.body && bodyTypeOf(site.body, schemaOf);
    try {
      if (site.isField) {
        if (body !== undefined) checkField(site.text, body);
        return [];
      }
      checkExpression(site.text, site.use, patternOf, body);
      return [];
    } catch (thrown) {
      if (thrown instanceof ExpressionFlaw) return [draftOf(site, thrown)];
      throw thrown;
    }
  });
}

function draftOf({ at, text, reference }: ExpressionSite, flaw: ExpressionFlaw): FindingDraft {
  const { kind, start, expected, found, write, isSure } = flaw;
  const code = CODES[kind];
  const severity = isSure ? {} : ({ severity: 'warning' } as const);
  // The text of a reference is not shown, and its characters have no position in the file.
  if (reference !== undefined) {
    const { line, column } = positionIn(text, start);
    const said = `${reference}, whose content is something else at ${line}:${column} (it is not shown)`;
    return { at, code, ...severity, expected, found: said, write: 'an expression that fits where the reference leads' };
  }
  return { at, code, ...severity, offset: start, expected, found, write };
}
