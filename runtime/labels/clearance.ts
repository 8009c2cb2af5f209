import { LabelError } from './label-error.ts';
import type { LabelValue } from './label-value.ts';
import { dominates } from './lattice.ts';
import type { LabelReader } from './wire-label.ts';

/** What a reader of dead letters may see. */
export interface Clearance {
  /** As it was given; undefined: the reader may see all. */
  readonly text: string | undefined;
  /** A dead letter without a label has one that cannot be determined: above every clearance. */
  allows(letter: { readonly label: string | undefined }): boolean;
}

/** Where nothing bounds what may be seen. */
export const SEES_ALL: Clearance = { text: undefined, allows: () => true };

/** `text`: as an operator has written it. */
export function clearanceAt(reader: LabelReader, clearance: LabelValue, text: string): Clearance {
  return {
    text,
    allows({ label }) {
      try {
        return label !== undefined && dominates(clearance, reader.read(label).label);
      } catch (thrown) {
        // A label of another policy, or of an older version of this one.
        if (thrown instanceof LabelError) return false;
        throw thrown;
      }
    },
  };
}

/** The letters that the reader may see, and the others, each in their order. */
export function divided<Letter extends { readonly label: string | undefined }>(
  letters: readonly Letter[],
  clearance: Clearance,
): { readonly allowed: readonly Letter[]; readonly denied: readonly Letter[] } {
  const allowed: Letter[] = [];
  const denied: Letter[] = [];
  for (const letter of letters) (clearance.allows(letter) ? allowed : denied).push(letter);
  return { allowed, denied };
}
