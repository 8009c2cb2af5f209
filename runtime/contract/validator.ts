/** One violation as ajv reports it; only what may leave the bridge is read. */
export interface Violation {
  /** JSON Pointer (RFC 6901) to the value. */
  readonly instancePath: string;
  /** The rule: `required`, `type`, `maximum`. */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A compiled schema: true when the body fits, else the violations stand in `errors` until the next call. */
export interface Validator {
  (body: unknown): boolean;
  errors?: readonly Violation[] | null;
}
