import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';
import { durationMs, SIZE_PATTERN, sizeBytes, SOME_DURATION_PATTERN, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { wordsIn } from '../../guards/folded-text.ts';
import type { ApprovalSpec, FieldStepSpec, GuardSpec } from '../../guards/guard-spec.ts';
import type { JsonSchema } from '../json-schema.ts';
import { field, mapSchema, nestedField, parseMap } from './field.ts';
import { LABEL_SCHEMA } from './label-fields.ts';
import { FILE_NAME_PATTERN } from '#contract/file-names.ts';
import { NAME_PATTERN } from './name-patterns.ts';
import { numberOr, optional, text } from './values.ts';

const FIELD_PATTERN = String.raw`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$`;
const FIELD: JsonSchema = { type: 'string', pattern: FIELD_PATTERN, maxLength: 200, examples: ['position.latitude'] };
const FIELDS: JsonSchema = { type: 'array', minItems: 1, items: FIELD, examples: [['id', 'position']] };
const SCHEMA: JsonSchema = { type: 'string', pattern: FILE_NAME_PATTERN, examples: ['track.low.v1'] };
/** `label.class == 'S'`, `label.class >= 'C'`. */
export const WHEN = /^label\.class (==|>=) '([A-Za-z0-9][A-Za-z0-9_.-]{0,31})'$/;

const DECODE = { maxBytes: '16KiB', maxDepth: 8 } as const;

/** The steps that a file may name. Those that it does not name run too. */
const STEP_SCHEMAS = {
  decode: {
    type: 'object',
    additionalProperties: false,
    properties: {
      maxBytes: {
        type: 'string',
        pattern: SOME_SIZE_PATTERN,
        formatMaximum: '1MiB',
        default: DECODE.maxBytes,
        description: 'The largest message that it takes.',
      },
      maxDepth: {
        type: 'integer',
        minimum: 1,
        maximum: 64,
        default: DECODE.maxDepth,
        description: 'Levels of nesting.',
      },
    },
    description: 'Bounds of what is read.',
  },
  allowFields: { ...FIELDS, description: 'The fields that stay; every other one is removed.' },
  round: {
    type: 'object',
    additionalProperties: false,
    required: ['fields', 'decimals'],
    properties: {
      fields: FIELDS,
      decimals: { type: 'integer', minimum: 0, maximum: 15, description: 'Digits that stay.' },
    },
    description: 'Numbers with fewer decimals.',
  },
  time: {
    type: 'object',
    additionalProperties: false,
    required: ['fields', 'truncate'],
    properties: {
      fields: FIELDS,
      truncate: { type: 'string', pattern: SOME_DURATION_PATTERN, formatMaximum: '1d', examples: ['1m'] },
    },
    description: 'RFC 3339 times, cut to the last multiple of a duration, in UTC.',
  },
  denyPatterns: {
    type: 'string',
    minLength: 1,
    description: 'Words, one a line, that no text of what leaves may hold: file:PATH.',
    examples: ['file:guards/dirty-words.txt'],
  },
  rate: {
    type: 'object',
    additionalProperties: false,
    required: ['perMinute'],
    properties: {
      perMinute: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'Releases a minute.' },
      burst: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        description: 'Releases at once; perMinute unless said otherwise.',
      },
    },
    description: 'A message beyond it is refused.',
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** Steps in the order in which they run, whatever the file names of them. */
export const STEP_ORDER: readonly string[] = Object.keys(STEP_SCHEMAS);

const ACCEPT_FIELDS = {
  max: nestedField({
    schema: { ...LABEL_SCHEMA, description: 'The highest label that the guard takes.' },
    parse: (accept) => ({ max: text(accept, 'max') }),
    doc: '`max`: the highest label that the guard takes.',
  }),
  min: nestedField({
    schema: { ...LABEL_SCHEMA, description: 'The lowest label that the guard takes.', examples: ['U'] },
    parse: (accept) => ({ min: optional(accept, 'min') }),
    doc: '`min`: the lowest label that the guard takes; any, unless said otherwise.',
  }),
} as const;

const APPROVAL_FIELDS = {
  when: nestedField({
    schema: { type: 'string', pattern: WHEN.source, maxLength: 100, examples: ["label.class == 'S'"] },
    parse: (approval) => ({ when: optional(approval, 'when') }),
    doc: "`when`: `label.class == 'S'` or `label.class >= 'C'`, of the label that comes. Without it every message needs approval.",
  }),
  count: nestedField({
    schema: { type: 'integer', minimum: 1, maximum: 9, default: 2, description: 'So many different principals.' },
    parse: (approval) => ({ count: numberOr(approval, 'count', 2) }),
    doc: '`count`: so many different principals with different keys, 2 unless said otherwise.',
  }),
  for: nestedField({
    schema: { type: 'string', pattern: SOME_DURATION_PATTERN, formatMaximum: '1d', default: '15m', examples: ['15m'] },
    parse: (approval) => ({ forMs: durationMs(optional(approval, 'for') ?? '15m') }),
    doc: '`for`: how long the message waits, `15m` unless said otherwise; then it is blocked (`GUARD_UNAPPROVED`).',
  }),
  by: nestedField({
    schema: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: NAME_PATTERN, examples: ['alice'] },
      additionalProperties: { type: 'string', minLength: 1, examples: ['file:guards/alice.pub'] },
      description: 'Public keys (Ed25519) by principal.',
    },
    parse: (approval) => ({ by: textsOf(asMap(own(approval, 'by'))) }),
    doc: '`by`: the public keys (Ed25519, PEM or base64 of DER) of those who may approve, by name: `alice: file:guards/alice.pub`.',
  }),
} as const;

/** The words of a guard. */
export const GUARD_FIELDS = {
  accept: nestedField({
    schema: mapSchema(ACCEPT_FIELDS, { required: ['max'], description: 'Labels of messages that the guard takes.' }),
    parse: (guard) => ({ accept: parseMap(ACCEPT_FIELDS, asMap(own(guard, 'accept')), {}) }),
    doc: '`accept`: `{ max: LABEL, min: LABEL }`, the labels that the guard takes.',
  }),
  emit: nestedField({
    schema: { ...LABEL_SCHEMA, description: 'The label of all that it releases.', examples: ['U;REL=*'] },
    parse: (guard) => ({ emit: text(guard, 'emit') }),
    doc: '`emit`: the label of all that it releases.',
  }),
  in: nestedField({
    schema: { ...SCHEMA, description: 'Schema of what comes, closed.' },
    parse: (guard) => ({ in: text(guard, 'in') }),
    doc: '`in`: the name of the schema of what comes. It is closed: it lists or bounds all that fits.',
  }),
  out: nestedField({
    schema: { ...SCHEMA, description: 'Schema of what leaves, closed.' },
    parse: (guard) => ({ out: text(guard, 'out') }),
    doc: '`out`: the name of the schema of what leaves, closed too. Two validators judge by it.',
  }),
  steps: nestedField({
    schema: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        properties: STEP_SCHEMAS,
      },
      description: 'What happens to the fields, in the one order.',
    },
    parse: (guard) => stepsOf(asList(own(guard, 'steps')).map(asMap)),
    doc: '`steps`: a list of `decode: { maxBytes, maxDepth }`, `allowFields: [FIELD]`, `round: { fields, decimals }`, `time: { fields, truncate }`, `denyPatterns: file:PATH`, `rate: { perMinute, burst }`, in this order.',
  }),
  headers: nestedField({
    schema: {
      type: 'object',
      additionalProperties: { type: 'array', minItems: 1, items: { type: 'string', maxLength: 128 } },
      description: 'Headers that leave, each with the values that it may have.',
      examples: [{ priority: ['routine', 'flash'] }],
    },
    parse: (guard) => ({ headers: headersOf(asMap(own(guard, 'headers'))) }),
    doc: '`headers`: headers that leave, each with the list of values that it may have. Every other one is dropped.',
  }),
  key: nestedField({
    schema: { ...FIELD, description: 'The field that becomes the key of what leaves.', examples: ['id'] },
    parse: (guard) => ({ key: optional(guard, 'key') }),
    doc: '`key`: the field of what leaves that becomes its key, `{key}` in the address. Without it, it has none.',
  }),
  audit: nestedField({
    schema: { type: 'string', minLength: 1, description: 'The audit file.', examples: ['audit/track-release.jsonl'] },
    parse: (guard) => ({ audit: text(guard, 'audit') }),
    doc: '`audit`: the audit file; a relative path begins at the state folder.',
  }),
  approval: nestedField({
    schema: mapSchema(APPROVAL_FIELDS, { required: ['by'], description: 'People who must approve a release.' }),
    parse: (guard): { readonly approval: ApprovalSpec | undefined } => ({
      approval: approvalOf(own(guard, 'approval')),
    }),
    doc: '`approval`: `{ when, count, for, by }`, people who must approve a release.',
  }),
} as const;

const GUARD_SCHEMA = mapSchema(GUARD_FIELDS, { required: ['accept', 'emit', 'in', 'out', 'audit'] });

/** `guards` of a file. */
export const GUARDS_FIELD = field({
  schema: {
    type: 'object',
    propertyNames: { pattern: NAME_PATTERN, examples: ['track-release'] },
    additionalProperties: GUARD_SCHEMA,
    description: 'Guards by name, for stages guard: NAME.',
  },
  parse: (file): { readonly guards: ReadonlyMap<string, GuardSpec> } => ({
    guards: new Map(
      Object.entries(asMap(own(file, 'guards'))).map(([name, guard]) => [name, guardOf(name, asMap(guard))]),
    ),
  }),
  doc: '`guards`: guards by name, each of which releases messages to a lower label. See [guards](guards.md).',
  fields: GUARD_FIELDS,
});

function guardOf(name: string, guard: PlainMap): GuardSpec {
  return { name, ...parseMap(GUARD_FIELDS, guard, {}) };
}

function approvalOf(value: unknown): ApprovalSpec | undefined {
  return value === undefined ? undefined : parseMap(APPROVAL_FIELDS, asMap(value), {});
}

function stepsOf(steps: readonly PlainMap[]): Pick<GuardSpec, 'steps' | 'maxBytes' | 'maxDepth' | 'rate'> {
  const of = (kind: string): PlainMap => asMap(own(steps.find((step) => Object.hasOwn(step, kind)) ?? {}, kind));
  const [decode, rate] = [of('decode'), of('rate')];
  const perMinute = numberOr(rate, 'perMinute', 0);
  const maxBytes = optional(decode, 'maxBytes') ?? DECODE.maxBytes;
  return {
    maxBytes: new RegExp(SIZE_PATTERN).test(maxBytes) ? sizeBytes(maxBytes) : 0,
    maxDepth: numberOr(decode, 'maxDepth', DECODE.maxDepth),
    rate: perMinute === 0 ? undefined : { perMinute, burst: numberOr(rate, 'burst', perMinute) },
    steps: steps.flatMap(fieldStepOf),
  };
}

function fieldStepOf(step: PlainMap): readonly FieldStepSpec[] {
  const [kind = ''] = Object.keys(step);
  const value = own(step, kind);
  const map = asMap(value);
  const fields = asList(own(map, 'fields')).map(String);
  switch (kind) {
    case 'allowFields':
      return [{ kind, fields: asList(value).map(String) }];
    case 'round':
      return [{ kind, fields, decimals: numberOr(map, 'decimals', 0) }];
    case 'time':
      return [{ kind, fields, truncateMs: durationMs(text(map, 'truncate')) }];
    case 'denyPatterns':
      return [{ kind, words: wordsIn(String(value)) }];
    default:
      return [];
  }
}

function headersOf(headers: PlainMap): GuardSpec['headers'] {
  return new Map(Object.entries(headers).map(([name, values]) => [name, asList(values).map(String)]));
}

function textsOf(map: PlainMap): ReadonlyMap<string, string> {
  return new Map(Object.entries(map).map(([name, value]) => [name, String(value)]));
}
