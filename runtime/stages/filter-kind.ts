import { Dropped } from '#contract/stage.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { EXPRESSION_SCHEMA, textsOf } from './expression-value.ts';

const FILTERED = new Dropped('filter');

/** `filter: EXPRESSION`. */
export const filterKind: StageKind = {
  verb: 'filter',
  value: { ...EXPRESSION_SCHEMA, examples: ['body.quality >= 0.5'] },
  schema: { type: 'object', additionalProperties: false, properties: {} },
  changesBody: false,
  mayDrop: true,
  description: 'Passes a message for which the expression is true, and drops any other on purpose, counted.',
  page: 'expressions.md',
  expressions: ({ filter }) => textsOf(['filter'], filter, 'bool'),
  explain: ({ value }) => ({ 'a filter is false': `unless ${String(value)}, the message is dropped and counted` }),
  make({ name, value, expression }) {
    const compiled = expression(String(value), 'bool');
    return {
      name: `filter ${name}`,
      run: (message) => (compiled.evaluate(message) === true ? message : FILTERED),
    };
  },
};
