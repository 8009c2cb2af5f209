/** Every code that `check` can report. The codes are stable: scripts and CI match on them. docs/errors.md lists this table. */
export const FINDINGS = {
  YAML_SYNTAX: { severity: 'error', meaning: 'The file is not YAML 1.2. Nothing behind this place was checked.' },
  YAML_DUPLICATE_KEY: {
    severity: 'error',
    meaning: 'A key stands twice in one map; YAML readers differ on which one wins.',
  },
  YAML_DOCUMENTS: { severity: 'error', meaning: 'One pipeline a file: a second YAML document is refused.' },
  UNKNOWN_FIELD: { severity: 'error', meaning: 'A key that this map does not have. Nothing unknown is ever ignored.' },
  MISSING_FIELD: { severity: 'error', meaning: 'A key that must be there is not.' },
  WRONG_TYPE: { severity: 'error', meaning: 'A value of another kind than this key takes: text, number, list, map.' },
  WRONG_VALUE: { severity: 'error', meaning: 'A value of the right kind that this key does not take.' },
  UNIT_MISSING: { severity: 'error', meaning: 'A duration, a size or a rate without its unit.' },
  NOT_IN_THIS_VERSION: {
    severity: 'error',
    meaning: 'A word of the pipeline file that this version does not carry out yet, and therefore refuses.',
  },
  NOT_OFFERED: {
    severity: 'error',
    meaning: 'A promise that is refused for good, because it could not be kept; the finding says why.',
  },
  UNKNOWN_BUS: { severity: 'error', meaning: 'A connection names a kind of bus that does not exist.' },
  UNKNOWN_CONNECTION: {
    severity: 'error',
    meaning: 'A route names a connection that the file does not have under `buses`.',
  },
  UNUSED_CONNECTION: { severity: 'warning', meaning: 'A connection that no route uses.' },
  UNKNOWN_STAGE: { severity: 'error', meaning: 'A stage whose verb does not exist.' },
  STAGE_VERBS: { severity: 'error', meaning: 'A stage with two verbs: the order would be a guess.' },
  UNKNOWN_FUNCTION: { severity: 'error', meaning: 'The project has no function file of that name.' },
  FUNCTION_TWICE: {
    severity: 'error',
    meaning: 'Two function files of one name, such as x.ts and x.js: which of them runs would be a guess.',
  },
  UNKNOWN_SCHEMA: { severity: 'error', meaning: 'The project has no schema file of that name.' },
  FUNCTION_BROKEN: {
    severity: 'error',
    meaning: 'A function file that does not compile, or whose default export is no function.',
  },
  FUNCTION_TYPES: {
    severity: 'error',
    meaning:
      'A type error in a function file, as the TypeScript compiler of the project tells it, or else the one beside Sluice.',
  },
  FUNCTION_TYPES_UNCHECKED: {
    severity: 'notice',
    meaning: 'The types of the functions were not looked at; the finding says why.',
  },
  SCHEMA_BROKEN: { severity: 'error', meaning: 'A schema file that is no JSON, or that the validator cannot compile.' },
  PATTERN_UNSAFE: {
    severity: 'error',
    meaning:
      'A pattern of a schema that a text could hold up the process with: it cannot be run in time that grows with the text alone.',
  },
  DUPLICATE_ROUTE: {
    severity: 'error',
    meaning: 'Two routes of one name: durable names, client ids and counters are made from it.',
  },
  CLASS_NEEDS_KEY: {
    severity: 'error',
    meaning: 'A traffic class that works per key, on a route whose source has none.',
  },
  CLASS_NEEDS_EXPIRY: {
    severity: 'error',
    meaning: 'A traffic class whose messages must expire, on a route whose source has no expiry.',
  },
  EXPIRY_NEEDS_TIME: {
    severity: 'error',
    meaning:
      '`expires` counts from a time of the publisher, and no message of this source has one: each would be a dead letter.',
  },
  EXPIRY_AGE_UNKNOWN: {
    severity: 'warning',
    meaning:
      '`expires` counts from the arrival of a message that has no time of its own; how long it lay at the server before, only a setting there or at the publisher bounds.',
  },
  EXPIRY_CLOCK: { severity: 'notice', meaning: 'From which time `expires` of this route counts.' },
  CLASS_UNKEPT: {
    severity: 'error',
    meaning: 'A traffic class that an end of this route cannot keep; the finding names a class that it can.',
  },
  CLASS_REFUSES: {
    severity: 'error',
    meaning: 'A word beside a traffic class that contradicts it.',
  },
  CLASS_ONE_INSTANCE: {
    severity: 'warning',
    meaning:
      'The source is shared among processes, and this traffic class holds for one process alone; the finding says what is lost with more.',
  },
  CLASS_NOTE: {
    severity: 'notice',
    meaning: 'What an operator must know of this traffic class between these ends.',
  },
  PROMISE_UNMET: {
    severity: 'error',
    meaning:
      'The route promises less than its `promise` demands; the finding says which end falls short and what would lift it.',
  },
  OPTIONS_CONFLICT: {
    severity: 'error',
    meaning: 'Options that exclude one another, or that this bus refuses together.',
  },
  LETTERS_NEED_HEADERS: {
    severity: 'error',
    meaning: 'A bus for dead letters that carries no headers: it could not say why a message ended there.',
  },
  ROUTE_LOOP: {
    severity: 'error',
    meaning:
      'What a route sends comes back to it, by itself or over other routes of the file: one message becomes thousands. A warning where it depends on the values of messages, on a stage, or on two connections being one bus.',
  },
  TEMPLATE_SYNTAX: { severity: 'error', meaning: 'A template that cannot be read.' },
  TEMPLATE_FIELD: { severity: 'error', meaning: 'A template names a field that cannot exist here.' },
  TEMPLATE_LEVEL: { severity: 'error', meaning: 'A template names a level that no address of this source has.' },
  TEMPLATE_LEVEL_SHORT: {
    severity: 'warning',
    meaning:
      'A template names a level that some filters of this source cannot have; messages of those filters would be rejected.',
  },
  TEMPLATE_REST: {
    severity: 'error',
    meaning: 'The rest of an address, `{topic.1+}`, stands beside other text in its level.',
  },
  TEMPLATE_ADDRESS: {
    severity: 'error',
    meaning: 'The fixed part of an address template makes an address that the bus refuses.',
  },
  TEMPLATE_MISSING: { severity: 'error', meaning: 'A sink says nowhere where its messages go.' },
  TEMPLATE_ENCODED: {
    severity: 'notice',
    meaning: 'How values from messages are written into addresses. Said once a file.',
  },
  RESERVED_HEADER: {
    severity: 'error',
    meaning: 'A header that only the runtime writes: labels and traces follow the message by themselves.',
  },
  HEADER_UNWRITABLE: {
    severity: 'error',
    meaning:
      'A header under `headers: { set }` that the bus of the sink cannot write under this name or with this value. A warning where it is carried in another header.',
  },
  ENV_MISSING: {
    severity: 'error',
    meaning:
      "An environment variable that is not set and has no default. A warning in `check`, where the operator's environment is elsewhere.",
  },
  FILE_UNREADABLE: {
    severity: 'error',
    meaning: "A `file:` reference that cannot be read. A warning in `check`, where the operator's files are elsewhere.",
  },
  REFERENCE_SYNTAX: { severity: 'error', meaning: 'A value that starts like a reference and is none.' },
  REFERENCE_REFUSED: {
    severity: 'error',
    meaning: 'A reference where a name must stand: names are read before any environment is known.',
  },
  CHECK_CUT: {
    severity: 'error',
    meaning: 'The check ended before its end: it took longer than 5 s, or found more than 1000 things.',
  },
  AT_MOST_ONCE: {
    severity: 'warning',
    meaning: 'The source does not redeliver: what is in flight when the bridge ends is lost.',
  },
  BUS_NOTE: { severity: 'notice', meaning: 'What an operator must know of this bus under these options.' },
} as const satisfies Record<string, { severity: Severity; meaning: string }>;

export type Severity = 'error' | 'warning' | 'notice';
export type FindingCode = keyof typeof FINDINGS;

/** An error, a warning or a notice, with the text to write instead. Holds no value of a reference. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** JSON pointer into the file's document: `/routes/0/from/qos`. */
  readonly path: string;
  /** Empty where nothing was expected: a notice. */
  readonly expected: string;
  readonly found: string;
  /** The text to write instead. Empty where no change is needed. */
  readonly write: string;
  /** The known name that was most likely meant. */
  readonly suggestion?: string;
}
