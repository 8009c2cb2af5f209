/** Why a text is no label of a policy: codes of the pipeline's errors. */
export type LabelFault =
  | 'LABEL_MALFORMED'
  | 'LABEL_VERSION'
  | 'LABEL_POLICY_UNKNOWN'
  | 'LABEL_CLASS_UNKNOWN'
  | 'LABEL_CATEGORY_UNKNOWN'
  | 'LABEL_VALUE_UNKNOWN'
  | 'LABEL_CATEGORY_REQUIRED'
  | 'LABEL_RULE';

/** `expected` and `found` as in every error; `found` holds no more of the label than its form, for it comes from a message. */
export class LabelError extends Error {
  readonly code: LabelFault;
  readonly expected: string;
  readonly found: string;

  constructor(code: LabelFault, expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
    this.code = code;
    this.expected = expected;
    this.found = found;
  }
}
