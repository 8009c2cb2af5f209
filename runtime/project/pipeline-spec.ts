import type { RouteSpec } from './fields/route-fields.ts';
import type { Reread } from './read/reread.ts';

export type { SpoolSpec } from './fields/promise-and-spool.ts';
export type { RouteSpec, StageSpec } from './fields/route-fields.ts';

/** A checked pipeline file as plain data: references resolved, defaults filled in, nothing left to validate. Holds secrets: never log it. */
export interface PipelineSpec {
  readonly name: string;
  readonly connections: ReadonlyMap<string, ConnectionSpec>;
  readonly routes: readonly RouteSpec[];
}

export interface ConnectionSpec {
  readonly name: string;
  /** Kind of bus: a name of the catalog. */
  readonly bus: string;
  /** The driver's own options, by its connectionSchema; durations and sizes are text. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Reads the files of the options again; absent where no option comes from a file. */
  readonly reread?: () => Reread;
}
