import type { Label } from '#contract/message.ts';
import type { LabelValue } from './label-value.ts';
import { dominates } from './lattice.ts';
import type { LabelReader } from './wire-label.ts';

/** The labels that a guard takes, and the one that it gives. */
export class GuardRange {
  readonly #reader: LabelReader;
  readonly #max: LabelValue;
  readonly #min: LabelValue | undefined;
  /** Complete, in canonical form. */
  readonly emit: Label;

  /** Labels without their policy. Throws LabelError. */
  constructor(
    reader: LabelReader,
    {
      accept,
      emit,
    }: { readonly accept: { readonly max: string; readonly min: string | undefined }; readonly emit: string },
  ) {
    this.#reader = reader;
    this.#max = reader.readShort(accept.max);
    this.#min = accept.min === undefined ? undefined : reader.readShort(accept.min);
    this.emit = reader.readShort(emit).text;
  }

  /** Throws LabelError for a text that is no label. */
  accepts(text: Label): boolean {
    const { label } = this.#reader.read(text);
    return dominates(this.#max, label) && (this.#min === undefined || dominates(label, this.#min));
  }

  /** Whether the classification of a label is this one (`==`), or this one or a higher one (`>=`). */
  isOfClass(text: Label, operator: string, name: string): boolean {
    const { classification } = this.#reader.read(text).label;
    if (operator === '==') return classification.id === name;
    const least = this.#reader.policy.classifications.get(name);
    // An unknown classification is none that is low enough.
    return least === undefined || classification.rank >= least.rank;
  }
}
