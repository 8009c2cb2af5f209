import { Environment } from '@marcbachmann/cel-js';
import type { ExpressionLabel, ExpressionUse } from '#contract/expression.ts';

/** A test of texts in time that grows with the text alone. */
export interface LinearPattern {
  test(text: string): boolean;
}

/** The class that the library knows labels by. */
export class LabelValue implements ExpressionLabel {
  readonly class: string;
  readonly #label: ExpressionLabel;

  constructor(label: ExpressionLabel) {
    this.class = label.class;
    this.#label = label;
  }

  has(tag: string, value: string): boolean {
    return this.#label.has(tag, value);
  }
}

/** `text.matches(pattern)` is compiled to a call of this function, with a pattern that was checked. */
export const LINEAR_MATCHES = 'matchesLinear';

/** Variables of every expression, with their CEL types. `body` is declared apart: its type may be known. */
const VARIABLES = {
  header: 'map<string, string>',
  key: 'dyn',
  address: 'list<string>',
  id: 'string',
  timestamp: 'google.protobuf.Timestamp',
  now: 'google.protobuf.Timestamp',
} as const;

const ARITHMETIC = {
  '+': (one: number, other: number) => one + other,
  '-': (one: number, other: number) => one - other,
  '*': (one: number, other: number) => one * other,
  '/': (one: number, other: number) => one / other,
  '%': (one: number, other: number) => one % other,
};

/**
 * CEL with the variables of a message. Beside the standard: an operator between an integer and a double is one of doubles, as
 * all numbers of a JSON body are doubles and `body.count + 1` would fail otherwise; and doubles have a remainder.
 */
export function environmentOf(
  use: Pick<ExpressionUse, 'grammar' | 'label'>,
  patterns: ReadonlyMap<string, LinearPattern>,
): Environment {
  // Numbers of a list may be integers and doubles.
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: { maxDepth: 100 } });
  for (const [operator, apply] of Object.entries(ARITHMETIC)) {
    const mixed = (one: number | bigint, other: number | bigint): number => apply(Number(one), Number(other));
    environment.registerOperator(`int ${operator} double: double`, mixed);
    environment.registerOperator(`double ${operator} int: double`, mixed);
  }
  // Exact, also beyond 2^53.
  environment.registerOperator(
    'int == double',
    (one: bigint, other: number) => Number.isInteger(other) && one === BigInt(other),
  );
  environment.registerOperator('double % double: double', ARITHMETIC['%']);
  environment.registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, pattern: string) => {
    const compiled = patterns.get(pattern);
    if (compiled === undefined) throw new TypeError('the pattern was not compiled');
    return compiled.test(text);
  });
  for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type);
  if (use.grammar.word !== 'address') environment.registerVariable(use.grammar.word, VARIABLES.address);
  if (use.label !== undefined) {
    environment.registerType('Label', { ctor: LabelValue, fields: { class: 'string' } });
    environment.registerFunction('Label.has(string, string): bool', (label: LabelValue, tag: string, value: string) =>
      label.has(tag, value),
    );
    environment.registerVariable('label', 'Label');
  }
  return environment;
}
