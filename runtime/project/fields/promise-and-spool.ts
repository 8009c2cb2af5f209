import { LARGEST_STORE, sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { GRADE_MEANS, GRADES } from '../explain/grades.ts';
import { mapSchema, nestedField, type Parsed } from './field.ts';
import { optional, text } from './values.ts';

/** `promise` of a route. */
export const PROMISE_FIELDS = {
  grade: nestedField({
    schema: {
      type: 'string',
      enum: [...GRADES],
      description: `The weakest point of the way. ${GRADES.map((grade) => `${grade}: ${GRADE_MEANS[grade]}`).join('; ')}.`,
    },
    parse: () => ({}),
    doc: '`grade: G0 | G1 | G2 | G3 | G4`: the lowest ack grade of the way ([guarantees](guarantees.md)).',
  }),
  order: nestedField({
    schema: { type: 'string', enum: ['key', 'address'], description: 'What keeps its order.' },
    parse: () => ({}),
    doc: '`order: key | address`: the messages that keep their order, those of one key and address, or of one address.',
  }),
  duplicates: nestedField({
    schema: {
      type: 'string',
      enum: ['none', 'marked', 'last'],
      description: 'After a crash: none, only marked ones, or at most the last one of each key.',
    },
    parse: () => ({}),
    doc: '`duplicates: none | marked | last`: after a crash none, only marked ones, or at most the last message of each key.',
  }),
} as const;

export const PROMISE_SCHEMA = mapSchema(PROMISE_FIELDS, {
  minProperties: 1,
  description: 'What the route must be able to keep: check and run refuse to start below it.',
});

/** `spool` of a route. */
export const SPOOL_FIELDS = {
  max: nestedField({
    schema: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      formatMaximum: LARGEST_STORE,
      description:
        'How large it may grow. Full, it pauses the source; of class telemetry it goes on replacing older by newer.',
      examples: ['2GiB'],
    },
    parse: (spool) => ({ maxBytes: sizeBytes(text(spool, 'max')) }),
    doc: '`max`: how large it may grow. Full, it pauses the source; of class telemetry it goes on replacing older messages by newer ones.',
  }),
  at: nestedField({
    schema: {
      type: 'string',
      minLength: 1,
      description:
        "Folder of its file; a relative path counts from the project's folder, of a bundle from the bundle's. Default: the state folder.",
      examples: ['/var/spool/sluice'],
    },
    /** A folder; undefined: the state folder. */
    parse: (spool) => ({ at: optional(spool, 'at') }),
    doc: "`at`: folder of its file, the state folder unless said otherwise. A relative path counts from the project's folder, and in a bundle from the bundle's.",
  }),
} as const;

export type SpoolSpec = Readonly<Parsed<typeof SPOOL_FIELDS>>;

export const SPOOL_SCHEMA = mapSchema(SPOOL_FIELDS, {
  required: ['max'],
  description:
    'A store on the local disk between the source and the stages: the source is settled once a message is committed there (docs/spool.md).',
});
