import type { Catalog } from '#contract/catalog.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import type { LetterFilter } from '../store/dead-letters/filter.ts';
import type { DeadLetterAdmin } from '../store/dead-letters/admin.ts';
import type { ProjectParts } from '../host/wire.ts';
import type { Arguments } from './command.ts';

/** The pipeline whose letters are meant: of a file, or of the bundle that runs. */
export interface LetterPipeline {
  readonly spec: PipelineSpec;
  /** Folder of the project or of the bundle. */
  readonly home: string;
  readonly catalog: Catalog;
  /** Everything that it takes to run it here and now. Undefined, with the findings told, where that is not there. */
  load(): Promise<OwnRun | undefined>;
}

/** What a replay itself runs where no process does. */
export interface OwnRun {
  readonly spec: PipelineSpec;
  readonly parts: ProjectParts;
}

/** What every word of `dlq` is given. */
export interface DlqTask {
  readonly given: Arguments;
  readonly pipeline: LetterPipeline;
  readonly folder: string;
  readonly deadLetters: DeadLetterAdmin;
  readonly filter: LetterFilter;
  readonly isJson: boolean;
}
