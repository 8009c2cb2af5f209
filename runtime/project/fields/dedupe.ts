import { REMEMBERED_IDS } from '#contract/processed-ids.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { SOME_DURATION_PATTERN } from '#kit/quantity.ts';
import { seconds } from '../explain/seconds.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { ExplainedRoute } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { template } from './shared-schemas.ts';

export interface DedupeSpec {
  /** Template of what repetitions have in common. */
  readonly by: string;
  /** `by`: whatever else they hold. */
  readonly compare: 'content' | 'by';
  readonly windowMs: number;
  /** How many are remembered. */
  readonly max: number;
}

export const DEDUPE_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['by'],
  description: 'Passes one of several messages that a publisher sent more than once.',
  properties: {
    by: template('Template of what the repetitions have in common.', '{header.msgid}'),
    compare: {
      type: 'string',
      enum: ['content', 'by'],
      default: DEFAULTS.dedupeCompare,
      description:
        'content: only what also has the same body, key and address is a repetition; a publisher that begins anew uses its ids again. by: whatever else they hold.',
    },
    window: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMaximum: '365d',
      default: DEFAULTS.dedupeWindow,
      description: 'How long a message is remembered after it was settled.',
    },
    max: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: DEFAULTS.dedupeMax,
      description: 'How many are remembered; beyond it the oldest is forgotten.',
    },
  },
};

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
