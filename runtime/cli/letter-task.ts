import type { PipelineSpec } from '../config/pipeline-spec.ts';
import type { LetterFilter } from '../state/letter-filter.ts';
import type { LetterShelf } from '../state/letter-shelf.ts';
import type { Arguments } from './command.ts';

/** What every word of `dlq` is given. */
export interface LetterTask {
  readonly given: Arguments;
  readonly file: string;
  readonly spec: PipelineSpec;
  readonly folder: string;
  readonly shelf: LetterShelf;
  readonly filter: LetterFilter;
  readonly isJson: boolean;
}
