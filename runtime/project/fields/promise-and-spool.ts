import { LARGEST_STORE, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { GRADE_MEANS, GRADES } from '../explain/grades.ts';
import type { JsonSchema } from '../json-schema.ts';

/** `promise` of a route. */
export const PROMISE_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'What the route must be able to keep: check and run refuse to start below it.',
  properties: {
    grade: {
      type: 'string',
      enum: [...GRADES],
      description: `The weakest point of the way. ${GRADES.map((grade) => `${grade}: ${GRADE_MEANS[grade]}`).join('; ')}.`,
    },
    order: { type: 'string', enum: ['key', 'address'], description: 'What keeps its order.' },
    duplicates: {
      type: 'string',
      enum: ['none', 'marked', 'last'],
      description: 'After a crash: none, only marked ones, or at most the last one of each key.',
    },
  },
};

/** `spool` of a route. */
export const SPOOL_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['max'],
  description:
    'A store on the local disk between the source and the stages: the source is settled once a message is committed there (docs/spool.md).',
  properties: {
    max: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      formatMaximum: LARGEST_STORE,
      description:
        'How large it may grow. Full, it pauses the source; of class telemetry it goes on replacing older by newer.',
      examples: ['2GiB'],
    },
    at: {
      type: 'string',
      minLength: 1,
      description:
        "Folder of its file; a relative path counts from the project's folder, of a bundle from the bundle's. Default: the state folder.",
      examples: ['/var/spool/sluice'],
    },
  },
};
