/** Every code that `check` can report, with its severity. The codes are stable: scripts and CI match on them. */
export const FINDINGS = {
  YAML_SYNTAX: 'error',
  YAML_DUPLICATE_KEY: 'error',
  YAML_DOCUMENTS: 'error',
  UNKNOWN_FIELD: 'error',
  MISSING_FIELD: 'error',
  WRONG_TYPE: 'error',
  WRONG_VALUE: 'error',
  UNIT_MISSING: 'error',
  NOT_IN_THIS_VERSION: 'error',
  NOT_OFFERED: 'error',
  UNKNOWN_BUS: 'error',
  UNKNOWN_CONNECTION: 'error',
  UNUSED_CONNECTION: 'warning',
  UNKNOWN_STAGE: 'error',
  STAGE_VERBS: 'error',
  UNKNOWN_FUNCTION: 'error',
  FUNCTION_TWICE: 'error',
  UNKNOWN_SCHEMA: 'error',
  FUNCTION_BROKEN: 'error',
  FUNCTION_TYPES: 'error',
  FUNCTION_SCHEMAS: 'error',
  FUNCTION_TYPES_UNCHECKED: 'notice',
  SCHEMA_BROKEN: 'error',
  SCHEMA_TYPES_DRIFT: 'error',
  SCHEMA_HEADER_STALE: 'warning',
  BODY_UNDESCRIBED: 'warning',
  PATTERN_UNSAFE: 'error',
  DUPLICATE_ROUTE: 'error',
  CLASS_NEEDS_KEY: 'error',
  CLASS_NEEDS_EXPIRY: 'error',
  EXPIRY_NEEDS_TIME: 'error',
  EXPIRY_AGE_UNKNOWN: 'warning',
  EXPIRY_CLOCK: 'notice',
  CLASS_UNKEPT: 'error',
  CLASS_REFUSES: 'error',
  CLASS_ONE_INSTANCE: 'warning',
  CLASS_NOTE: 'notice',
  PROMISE_UNMET: 'error',
  OPTIONS_CONFLICT: 'error',
  LETTERS_NEED_HEADERS: 'error',
  ROUTE_LOOP: 'error',
  TEMPLATE_SYNTAX: 'error',
  TEMPLATE_FIELD: 'error',
  TEMPLATE_LEVEL: 'error',
  TEMPLATE_LEVEL_SHORT: 'warning',
  TEMPLATE_REST: 'error',
  TEMPLATE_ADDRESS: 'error',
  TEMPLATE_MISSING: 'error',
  TEMPLATE_ENCODED: 'notice',
  EXPRESSION_SYNTAX: 'error',
  EXPRESSION_FIELD: 'error',
  EXPRESSION_TYPE: 'error',
  RESERVED_HEADER: 'error',
  HEADER_UNWRITABLE: 'error',
  LABEL_POLICY: 'error',
  LABEL_FLOW: 'error',
  LABEL_UNWRITABLE: 'error',
  UNKNOWN_GUARD: 'error',
  GUARD_PLACE: 'error',
  GUARD_OPEN_SCHEMA: 'error',
  GUARD_FREE_TEXT: 'error',
  ENV_MISSING: 'error',
  FILE_UNREADABLE: 'error',
  REFERENCE_SYNTAX: 'error',
  REFERENCE_REFUSED: 'error',
  CHECK_CUT: 'error',
  AT_MOST_ONCE: 'warning',
  BUS_NOTE: 'notice',
} as const satisfies Record<string, Severity>;

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
