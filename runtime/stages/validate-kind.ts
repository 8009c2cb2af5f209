import { SluiceError } from '#contract/errors.ts';
import { FILE_NAME_PATTERN } from '#contract/file-names.ts';
import type { Stage } from '#contract/stage.ts';
import type { StageKind, StageParts, StageSchemas } from '#contract/stage-kind.ts';
import type { Validator } from '#contract/validator.ts';
import { withDoubles } from '#kit/bigint-doubles.ts';
import { asMap, isMap, own } from '#kit/json-value.ts';
import { functionKind } from './function-kind.ts';
import { validateStage } from './validate.ts';
import { listOf, upcastsOf } from './version-list.ts';
import { versionFiles, versionFlaws } from './version-flaws.ts';
import { type Version, versionsStage } from './versions.ts';

const NAME = { type: 'string', pattern: FILE_NAME_PATTERN };
const { timeout, isolate, memory, workers } = functionKind.schema.properties;

const LIST = {
  type: 'object',
  additionalProperties: false,
  required: ['of'],
  properties: {
    of: {
      type: 'array',
      minItems: 1,
      items: NAME,
      description: 'Names of schemas, the oldest version first. Without by the first one counts that a body fits.',
      examples: [['track.v1', 'track.v2']],
    },
    by: {
      type: 'string',
      minLength: 1,
      description: 'An expression that yields the name of the schema: a text in of.',
      examples: ['header.schema'],
    },
  },
};

const UPCAST = {
  type: 'object',
  minProperties: 1,
  additionalProperties: {
    anyOf: [
      NAME,
      {
        type: 'object',
        additionalProperties: false,
        required: ['function'],
        properties: {
          function: NAME,
          to: { ...NAME, description: 'The schema that the function makes. The next one of the list unless said.' },
          with: functionKind.schema.properties['with'],
        },
      },
    ],
  },
  description: 'For each schema of the list but the last: the function that makes a body of the next one of it.',
  examples: [{ 'track.v1': 'track-v1-to-v2' }],
};

const OPTIONS = { upcast: UPCAST, timeout, isolate, memory, workers };

const common = {
  verb: 'validate',
  description:
    'Refuses a body that does not fit schemas/NAME.json, or none of several. With `upcast` it turns older versions into the last.',
  page: 'schemas.md',
} as const;

/** `validate: NAME`. */
const oneSchema: StageKind = {
  ...common,
  names: 'schema',
  changesBody: false,
  schema: { type: 'object', additionalProperties: false, properties: {} },
  schemas: ({ validate: name }) => both(typeof name === 'string' ? [name] : []),
  make(parts) {
    const { name, hasBigints, stamps } = parts;
    return validateStage(name, validatorOf(name, parts), hasBigints ? withDoubles : undefined, stamps);
  },
};

/** `validate: { of: [NAME, ...] }`. */
const severalSchemas: StageKind = {
  ...common,
  value: LIST,
  changesBody: false,
  schema: { type: 'object', additionalProperties: false, properties: { upcast: UPCAST } },
  files: versionFiles,
  expressions({ validate }) {
    const by = byOf(validate);
    return by === undefined ? [] : [{ path: ['validate', 'by'], text: by, result: 'text' }];
  },
  schemas: ({ validate }) => both(listOf(validate)),
  flaws: versionFlaws,
  explain({ value }) {
    return { [`a body is of ${listOf(value).join(' or ')}`]: `it goes on as it is; ${chosenBy(value)}` };
  },
  make: (parts) => makeVersions(parts),
};

/** `{ validate: { of: [NAME, ...] }, upcast: { NAME: FUNCTION } }`. */
const upcasting: StageKind = {
  ...severalSchemas,
  changesBody: true,
  runsCode: true,
  mayDrop: true,
  schema: { type: 'object', additionalProperties: false, properties: OPTIONS },
  schemas({ validate }) {
    const all = listOf(validate);
    return { before: all, after: all.slice(-1) };
  },
  flaws: (stage) => [...versionFlaws(stage), ...(functionKind.flaws?.(stage) ?? [])],
  explain({ value, options }) {
    const all = listOf(value);
    const steps = upcastsOf(all, options['upcast']).map((one) => `${one.from} by ${one.function} to ${one.to}`);
    return {
      [`a body is of ${all.join(' or ')}`]: `it goes on as ${all.at(-1)}: ${steps.join(', ')}; what a function makes is judged again; ${chosenBy(value)}`,
    };
  },
};

/** `validate`, in one of its forms. */
export const validateKind: StageKind = {
  ...oneSchema,
  names: 'schema',
  value: LIST,
  namesIn: ['upcast'],
  schema: { type: 'object', additionalProperties: false, properties: OPTIONS },
  form({ validate, upcast }) {
    if (!isMap(validate)) return oneSchema;
    return upcast === undefined ? severalSchemas : upcasting;
  },
};

function byOf(value: unknown): string | undefined {
  const by = own(asMap(value), 'by');
  return typeof by === 'string' ? by : undefined;
}

/** How a schema of the list is chosen, for `explain`. */
function chosenBy(value: unknown): string {
  const by = byOf(value);
  const how =
    by === undefined
      ? 'the first one that it fits counts; one that fits none'
      : `${by} names its schema; one that does not fit it, or names none of them,`;
  return `${how} is a dead letter (SCHEMA_INVALID)`;
}

function both(names: readonly string[]): StageSchemas {
  return { before: names, after: names };
}

function validatorOf(schema: string, { validators }: StageParts): Validator {
  const validator = validators.get(schema);
  if (validator === undefined) throw new SluiceError('INTERNAL', `the schema ${schema} was not compiled`);
  return validator;
}

function makeVersions(parts: StageParts): Stage {
  const { name, value, options, hasBigints, stamps = false, expression } = parts;
  const all = listOf(value);
  const upcasts = upcastsOf(all, options['upcast']);
  const versions = all.map((schema): Version => {
    const upcast = upcasts.find(({ from }) => from === schema);
    const made = upcast && {
      function: upcast.function,
      stage: functionKind.make({ ...parts, name: upcast.function, options: { ...options, with: upcast.with } }),
      to: all.indexOf(upcast.to),
    };
    return { schema, validator: validatorOf(schema, parts), upcast: made };
  });
  const by = byOf(value);
  return versionsStage({
    name,
    versions,
    by: by === undefined ? undefined : expression(by, 'text'),
    asJudged: hasBigints ? withDoubles : undefined,
    stamps,
  });
}
