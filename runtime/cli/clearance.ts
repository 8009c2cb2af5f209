import type { PipelineLabels } from '../labels/pipeline-labels.ts';
import { LabelError } from '../labels/label-error.ts';
import { dominates } from '../labels/lattice.ts';
import { type Arguments, UsageError } from './command.ts';

/** What a reader of dead letters may see, by `--clearance`. */
export interface Clearance {
  /** As it was given; undefined: the reader may see all. */
  readonly text: string | undefined;
  /** A dead letter without a label has one that cannot be determined: above every clearance. */
  allows(letter: { readonly label: string | undefined }): boolean;
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

/** Throws UsageError for a clearance that is no label of the pipeline's policy. */
export function clearanceOf({ values }: Arguments, labels: PipelineLabels | undefined): Clearance {
  const text = values['clearance'];
  if (typeof text !== 'string') return { text: undefined, allows: () => true };
  if (labels === undefined)
    throw new UsageError('expected a pipeline that names a label policy beside --clearance, found none');
  const { reader } = labels;
  try {
    const clearance = reader.readShort(text);
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
  } catch (thrown) {
    if (thrown instanceof LabelError) throw new UsageError(`--clearance: ${thrown.message}`);
    throw thrown;
  }
}
