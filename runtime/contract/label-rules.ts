import type { SluiceError } from './errors.ts';
import type { ExpressionLabel } from './expression.ts';
import type { Frame } from './frame.ts';
import type { Label } from './message.ts';

/**
 * The rules for the labels of one route, where the pipeline file names a policy. Every label that it returns is in canonical wire
 * form; every label that it takes is one that it returned. Throws SluiceErrors whose codes begin with LABEL_.
 */
export interface LabelRules {
  /**
   * The label of a frame of the source, assumed where the file says so for a frame without one. Throws for a frame without a
   * label, and for one whose label is none of the policy. `atMs`: when it was read first, in milliseconds since 1970 (UTC): a binding
   * must have held then.
   */
  labelOf(frame: Frame, atMs: number): Label;
  /** Whether `labelOf` and `outOfRange` let the frame pass. Counts and reports nothing. */
  admits(frame: Frame, atMs: number): boolean;
  /** Why the source must not have a message of this label; undefined where it may. */
  outOfRange(label: Label): SluiceError | undefined;
  /** The least label that dominates all of these. */
  joined(labels: readonly Label[]): Label;
  /** A label as expressions see it. */
  seen(label: Label): ExpressionLabel;
  /** The label with another one joined to it; `by` may lack the policy, which is the file's: `S;REL=USA`. */
  raised(label: Label, by: string): Label;
  /** Whether logs, and the operator's page, may tell of data of this label. Not of one that cannot be determined, where the file bounds them. */
  mayBeTold(label: Label): boolean;
}

/** What one bus may hold. */
export interface Ceiling {
  /** Undefined where the bus may hold data of this label, else the reason: LABEL_DENIED. */
  refusal(label: Label): SluiceError | undefined;
}

/** Whether a failure is one of label rules or of a guard: the message is blocked. */
export function isLabelCode(code: string): boolean {
  return code.startsWith('LABEL_') || code.startsWith('GUARD_');
}
