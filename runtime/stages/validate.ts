import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import type { Stage } from '#contract/stage.ts';
import type { Validator, Violation } from '#contract/validator.ts';
import { bounded, shownPointer } from '#kit/pointer.ts';
import { shortened } from '#kit/shortened.ts';

/**
 * Refuses a body that does not fit the schema, naming pointer, rule and schema, never the value. `asJudged`: the form of a
 * body that the validator receives, if it is not the body itself.
 */
export function validateStage(schema: string, validator: Validator, asJudged?: (body: unknown) => unknown): Stage {
  return {
    name: `validate ${schema}`,
    run(message) {
      if (fits(schema, validator, message.body, asJudged)) return message;
      throw new SluiceError(
        'SCHEMA_INVALID',
        `expected a body of schema ${schema}, found ${describe(validator.errors ?? [])}`,
        { place: { schema, ...placeOf(validator.errors?.[0]) } },
      );
    },
  };
}

function fits(
  schema: string,
  validator: Validator,
  body: unknown,
  asJudged: ((body: unknown) => unknown) | undefined,
): boolean {
  try {
    return validator(asJudged === undefined ? body : asJudged(body));
  } catch (thrown) {
    if (!isStackOverflow(thrown)) throw thrown;
    const text = `expected a body of schema ${schema}, found one that is nested deeper, or longer, than it can be judged`;
    throw new SluiceError('BODY_TOO_DEEP', text, { place: { schema } });
  }
}

const SHOWN = 3;

function describe(violations: readonly Violation[]): string {
  const shown = violations
    .slice(0, SHOWN)
    .map((violation) => `${shownPointer(violation.instancePath)} against ${rule(violation)}`);
  const more = violations.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** The first place that is wrong, unless a publisher made it endless. */
function placeOf(violation: Violation | undefined): { readonly pointer?: string } {
  const pointer = violation === undefined ? undefined : bounded(violation.instancePath);
  return pointer === undefined ? {} : { pointer };
}

/** A pattern may be as long as its author likes. */
const LONGEST_VALUE = 200;

// Values of these parameters come from the schema, or are names of properties that the schema requires.
const SHOWABLE: Readonly<Record<string, string>> = {
  required: 'missingProperty',
  type: 'type',
  format: 'format',
  minimum: 'limit',
  maximum: 'limit',
  exclusiveMinimum: 'limit',
  exclusiveMaximum: 'limit',
  minLength: 'limit',
  maxLength: 'limit',
  minItems: 'limit',
  maxItems: 'limit',
  pattern: 'pattern',
  multipleOf: 'multipleOf',
  enum: 'allowedValues',
  const: 'allowedValue',
};

function rule({ keyword, params }: Violation): string {
  const name = SHOWABLE[keyword];
  const value = name === undefined ? undefined : params[name];
  if (value === undefined) return keyword;
  return `${keyword} ${shortened(JSON.stringify(value), LONGEST_VALUE)}`;
}
