import { SluiceError } from '#contract/errors.ts';
import { withBody } from '#contract/message.ts';
import { Dropped } from '#contract/stage.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { EXPRESSION_SCHEMA, textsOf } from './expression-value.ts';

const MOST = 10_000;
const EMPTY = new Dropped('split');

/** `split: EXPRESSION`, or `{ split: EXPRESSION, max: 500 }`. */
export const splitKind: StageKind = {
  verb: 'split',
  value: { ...EXPRESSION_SCHEMA, examples: ['body.items'] },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      max: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000,
        default: MOST,
        description: 'The most elements of one message; one with more is a dead letter.',
      },
    },
  },
  changesBody: true,
  mayDrop: true,
  makesElements: true,
  description: 'Makes one message of each element of a list. The source is settled when all of them are confirmed.',
  page: 'expressions.md',
  expressions: ({ split }) => textsOf(['split'], split, 'list'),
  explain: ({ value }) => ({
    'a list is split': `each element of ${String(value)} is a message of its own, with .0, .1 behind its id; an empty list is dropped and counted`,
  }),
  make({ name, value, options, expression }) {
    const compiled = expression(String(value), 'list');
    const most = typeof options['max'] === 'number' ? options['max'] : MOST;
    return {
      name: `split ${name}`,
      run(message) {
        const elements = compiled.evaluate(message);
        if (!Array.isArray(elements)) throw new SluiceError('INTERNAL', 'a split is made of a list');
        if (elements.length === 0) return EMPTY;
        if (elements.length > most) {
          throw new SluiceError(
            'SPLIT_TOO_LARGE',
            `expected a list of at most ${most} elements, found ${elements.length}`,
          );
        }
        return elements.map((element: unknown, at) => withBody(message, element, `${message.id}.${at}`));
      },
    };
  },
};
