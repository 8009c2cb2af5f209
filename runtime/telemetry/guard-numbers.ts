/** What a guard decided since the start. */
export interface GuardNumbers {
  readonly guard: string;
  readonly decisions: readonly GuardDecisions[];
  /** Records that are in its audit file. */
  readonly records: number;
  /** Records that could not be written at once; they were tried again. */
  readonly failures: number;
}

export interface GuardDecisions {
  /** `release`, `reject`, `pending`. */
  readonly outcome: string;
  /** The step that refused; `none` where none did. */
  readonly reason: string;
  readonly count: number;
}
