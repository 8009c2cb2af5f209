import type { Bus } from './bus.ts';
import type { CodecKind } from './codec.ts';
import type { SchemaCodecKind } from './schema-codec.ts';
import type { StageKind } from './stage-kind.ts';

/** Every name that a pipeline file can use. A plain value: a bundle has a smaller one. */
export interface Catalog {
  readonly buses: ReadonlyMap<string, Bus>;
  readonly stages: ReadonlyMap<string, StageKind>;
  readonly codecs: ReadonlyMap<string, CodecKind>;
  /** Codecs that need a schema of the project. */
  readonly schemaCodecs: ReadonlyMap<string, SchemaCodecKind>;
}
