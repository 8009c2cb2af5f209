import type { CodecMaker, CodecSchemaFile } from '#contract/schema-codec.ts';
import type { OpenRouteRegistry } from './route-registry.ts';

/** The codecs with schemas that a pipeline names. */
export interface SchemaCodecs {
  readonly makers: ReadonlyMap<string, CodecMaker>;
  /** By file name, with its ending. */
  readonly files: ReadonlyMap<string, CodecSchemaFile>;
  /** Absent where the pipeline names no schema registry. */
  readonly openRegistry?: OpenRouteRegistry | undefined;
}

export const NO_SCHEMA_CODECS: SchemaCodecs = { makers: new Map(), files: new Map() };

/** The name of a schema file without its ending. */
export function schemaFile(fileName: string, content: Uint8Array): CodecSchemaFile {
  return { name: fileName.slice(0, fileName.lastIndexOf('.')), content };
}
