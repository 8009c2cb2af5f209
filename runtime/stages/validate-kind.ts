import { SluiceError } from '#contract/errors.ts';
import { withDoubles } from '#kit/bigint-doubles.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { validateStage } from './validate.ts';

const NONE = { before: [], after: [] };

/** `validate: NAME`. */
export const validateKind: StageKind = {
  verb: 'validate',
  names: 'schema',
  changesBody: false,
  description: 'Refuses a body that does not fit schemas/NAME.json.',
  page: 'schemas.md',
  schemas: ({ validate: name }) => (typeof name === 'string' ? { before: [name], after: [name] } : NONE),
  schema: { type: 'object', additionalProperties: false, properties: {} },
  make({ name, hasBigints, validators }) {
    const validator = validators.get(name);
    if (validator === undefined) throw new SluiceError('INTERNAL', `the schema ${name} was not compiled`);
    return validateStage(name, validator, hasBigints ? withDoubles : undefined);
  },
};
