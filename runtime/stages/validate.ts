import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import { stamped } from '#contract/message.ts';
import type { Stage } from '#contract/stage.ts';
import type { Validator, Violation } from '#contract/validator.ts';
import { bounded, shownPointer } from '#kit/pointer.ts';
import { shortened } from '#kit/shortened.ts';

/**
 * Refuses a body that does not fit the schema, naming pointer, rule and schema, never the value. `asJudged`: the form of a
 * body that the validator receives, if it is not the body itself. `stamps`: the message goes on with the schema's name in its header.
 */
export function validateStage(schema: string, validator: Validator, asJudged?: AsJudged, stamps = false): Stage {
  return {
    name: `validate ${schema}`,
    run(message) {
      if (fits(schema, validator, message.body, asJudged)) return stamps ? stamped(message, schema) : message;
      throw invalid(schema, validator.errors ?? []);
    },
  };
}

/** The form of a body that validators receive. */
export type AsJudged = (body: unknown) => unknown;

/** The failure of a body that does not fit. `maker`: the function that made it, if one did. */
export function invalid(schema: string, violations: readonly Violation[], maker?: string): SluiceError {
  const from = maker === undefined ? '' : ` from ${maker}`;
  return new SluiceError(
    'SCHEMA_INVALID',
    `expected a body of schema ${schema}${from}, found ${describe(violations)}`,
    { place: { schema, ...placeOf(violations[0]) } },
  );
}

/** Whether a body fits; if not, the violations stand in the validator until its next call. Throws BODY_TOO_DEEP. */
export function fits(schema: string, validator: Validator, body: unknown, asJudged: AsJudged | undefined): boolean {
  try {
    return validator(asJudged === undefined ? body : asJudged(body));
  } catch (thrown) {
    if (!isStackOverflow(thrown)) throw thrown;
    const text = `expected a body of schema ${schema}, found one that is nested deeper, or longer, than it can be judged`;
    throw new SluiceError('BODY_TOO_DEEP', text, { place: { schema } });
  }
}

const SHOWN = 3;

export function describe(violations: readonly Violation[]): string {
  const shown = violations
    .slice(0, SHOWN)
    .map((violation) => `${shownPointer(violation.instancePath)} against ${rule(violation)}`);
  const more = violations.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** The first place that is wrong, unless a publisher made it endless. */
export function placeOf(violation: Violation | undefined): { readonly pointer?: string } {
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
