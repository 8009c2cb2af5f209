import { SluiceError } from '#contract/errors.ts';
import type { StageKind } from '#contract/stage-kind.ts';

/** `guard: NAME`. */
export const guardKind: StageKind = {
  verb: 'guard',
  value: { type: 'string', minLength: 1, examples: ['track-release'] },
  changesBody: true,
  seals: true,
  description: 'Releases a message to the lower label of a guard, or blocks it.',
  page: 'guards.md',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  explain: ({ value }) => ({
    [`guard ${String(value)} does not release a message`]:
      'it is blocked: recorded in the audit file, then as a dead letter',
    'the audit file cannot be written': 'nothing is released or settled until it can',
  }),
  make({ value, guard }) {
    const stage = guard?.(String(value));
    if (stage === undefined) throw new SluiceError('INTERNAL', `the guard ${String(value)} was not opened`);
    return stage;
  },
};
