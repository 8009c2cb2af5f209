import type { Catalog } from '#contract/catalog.ts';
import type { Clearance } from '../labels/clearance.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import type { LetterFilter } from '../store/dead-letters/filter.ts';
import type { DeadLetterAdmin } from '../store/dead-letters/admin.ts';
import type { ProjectParts } from '../host/wire.ts';
import type { Arguments } from './command.ts';

/** The pipeline of the letters: of a file, or of the bundle that runs. */
export interface LetterPipeline {
  readonly spec: PipelineSpec;
  /** Folder of the project or of the bundle. */
  readonly home: string;
  readonly catalog: Catalog;
  /** All that is needed to run it in this process. Undefined, with the findings printed, if it cannot run. */
  load(): Promise<OwnRun | undefined>;
}

/** The pipeline that a replay runs itself if no process runs it. */
export interface OwnRun {
  readonly spec: PipelineSpec;
  readonly parts: ProjectParts;
}

/** The input of each action of `dlq`. */
export interface DlqTask {
  readonly given: Arguments;
  readonly pipeline: LetterPipeline;
  readonly folder: string;
  readonly deadLetters: DeadLetterAdmin;
  readonly filter: LetterFilter;
  /** Of `list`, `show` and `export`. */
  readonly clearance: Clearance;
  readonly isJson: boolean;
}
