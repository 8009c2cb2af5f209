/** A guard of a checked pipeline file. Labels as the file writes them, without the policy. */
export interface GuardSpec {
  readonly name: string;
  /** Labels of messages that it takes: at most `max`, and at least `min` where there is one. */
  readonly accept: { readonly max: string; readonly min: string | undefined };
  /** The label of all that it releases. */
  readonly emit: string;
  /** Name of the schema of what comes. */
  readonly in: string;
  /** Name of the schema of what leaves. */
  readonly out: string;
  readonly steps: readonly FieldStepSpec[];
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Releases a minute; undefined: any number. */
  readonly rate: { readonly perMinute: number; readonly burst: number } | undefined;
  /** Headers that leave, each with the values that it may have. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Path of the field that becomes the key of the message; undefined: it has none. */
  readonly key: string | undefined;
  /** Path of the audit file; a relative one begins at the state folder. */
  readonly audit: string;
  readonly approval: ApprovalSpec | undefined;
}

/** A step that changes or judges fields. They run in the order in which they are listed. */
export type FieldStepSpec =
  | { readonly kind: 'allowFields'; readonly fields: readonly string[] }
  | { readonly kind: 'round'; readonly fields: readonly string[]; readonly decimals: number }
  | { readonly kind: 'time'; readonly fields: readonly string[]; readonly truncateMs: number }
  | { readonly kind: 'denyPatterns'; readonly words: readonly string[] };

export interface ApprovalSpec {
  /** Undefined: every message needs it. */
  readonly when: string | undefined;
  /** So many different principals. */
  readonly count: number;
  readonly forMs: number;
  /** Public keys (Ed25519, PEM or base64 of DER) by principal. */
  readonly by: ReadonlyMap<string, string>;
}
