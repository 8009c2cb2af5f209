/** What one step said of one message. Never holds any of its content. */
export interface StepResult {
  readonly s: string;
  readonly r: 'pass' | 'modify' | 'fail';
  /** Why it failed. */
  readonly code?: string;
  /** Values that it changed or removed. */
  readonly n?: number;
}

/** A step refuses the message. `code` is a word of the step's own, and quotes nothing of the message. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** What a step made of the value. */
export interface Stepped {
  readonly value: unknown;
  /** Values that it changed or removed. */
  readonly changed: number;
}
