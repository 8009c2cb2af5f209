import { REMEMBERED_IDS } from '#contract/processed-ids.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { durationMs, SOME_DURATION_PATTERN } from '#kit/quantity.ts';
import { seconds } from '../explain/seconds.ts';
import { type ExplainedRoute, mapSchema, nestedField, type Parsed, parseMap } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { template } from './shared-schemas.ts';
import { numberOr, optional, text } from './values.ts';

const COMPARES = ['content', 'by'] as const;

/** `dedupe` of a source. */
export const DEDUPE_FIELDS = {
  by: nestedField({
    schema: template('Template of what the repetitions have in common.', '{header.msgid}'),
    parse: (dedupe) => ({ by: text(dedupe, 'by') }),
    doc: '`by`: template of what the repetitions have in common.',
  }),
  compare: nestedField({
    schema: {
      type: 'string',
      enum: [...COMPARES],
      default: DEFAULTS.dedupeCompare,
      description:
        'content: only what also has the same body, key and address is a repetition; a publisher that begins anew uses its ids again. by: whatever else they hold.',
    },
    parse: (dedupe) => ({
      compare: COMPARES.find((name) => name === own(dedupe, 'compare')) ?? DEFAULTS.dedupeCompare,
    }),
    doc: '`compare: content | by`: with `content` (default) only a message that also has the same body, key and address is a repetition. With `by` every message with the same value of `by` is one.',
  }),
  window: nestedField({
    schema: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMaximum: '365d',
      default: DEFAULTS.dedupeWindow,
      description: 'How long a message is remembered after it was settled.',
    },
    parse: (dedupe) => ({ windowMs: durationMs(optional(dedupe, 'window') ?? DEFAULTS.dedupeWindow) }),
    doc: '`window`: how long a message is remembered after it was settled, `10m` unless said otherwise.',
  }),
  max: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: DEFAULTS.dedupeMax,
      description: 'How many are remembered; beyond it the oldest is forgotten.',
    },
    parse: (dedupe) => ({ max: numberOr(dedupe, 'max', DEFAULTS.dedupeMax) }),
    doc: '`max`: how many messages are remembered, 100000 unless said otherwise; beyond it the oldest is forgotten.',
  }),
} as const;

type DedupeSpec = Readonly<Parsed<typeof DEDUPE_FIELDS>>;

export const DEDUPE_SCHEMA = mapSchema(DEDUPE_FIELDS, {
  required: ['by'],
  description: 'Passes one of several messages that a publisher sent more than once.',
});

export function parseDedupe(from: PlainMap): { readonly dedupe: DedupeSpec | undefined } {
  const given = own(from, 'dedupe');
  return { dedupe: given === undefined ? undefined : parseMap(DEDUPE_FIELDS, asMap(given), {}) };
}

/** The effect of a publisher that repeats itself. */
export function onRepetition(
  dedupe: DedupeSpec | undefined,
  { class: trafficClass, source, sink, namesId }: ExplainedRoute,
): string {
  const same = dedupe?.compare === 'content' ? ' with the same body, key and address' : '';
  if (dedupe !== undefined) {
    return `repetitions${same} within ${seconds(dedupe.windowMs)} are dropped and counted, ${dedupe.max} messages remembered`;
  }
  const { oneAtATime, marksRepeats } = CLASSES[trafficClass];
  const isNamed = namesId || source.namedByPublisher === true;
  if (source.redelivers && (oneAtATime || marksRepeats) && isNamed) {
    return `one with the id, body, key and address of one of the last ${REMEMBERED_IDS} that passed is dropped and counted, until it is forgotten`;
  }
  return sink.deduplicates && isNamed
    ? 'the sink removes one with the same id, body, key and address within its window; each other passes'
    : 'each repetition passes';
}
