import type { Bus } from './bus.ts';
import type { Codec } from './codec.ts';
import type { StageKind } from './stage-kind.ts';

/** Everything that a pipeline file can name. A plain value: a bundle brings a smaller one. */
export interface Catalog {
  readonly buses: ReadonlyMap<string, Bus>;
  readonly stages: ReadonlyMap<string, StageKind>;
  readonly codecs: ReadonlyMap<string, Codec>;
}
