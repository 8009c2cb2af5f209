import type { CodecSchemaFile, SchemaCodec } from '#contract/schema-codec.ts';
import type { SchemaIds, WriterCodec } from './wire-format.ts';

/** The ids that a pipeline file states. `files`: by schema name. */
export function localIds(
  inner: SchemaCodec,
  schema: string,
  ids: Readonly<Record<string, unknown>>,
  files: (name: string) => CodecSchemaFile | undefined,
): SchemaIds {
  const readers = new Map<number, WriterCodec>();
  for (const [name, id] of Object.entries(ids)) {
    const file = files(name);
    if (typeof id !== 'number' || file === undefined) continue;
    const codec = name === schema ? inner : (inner.readerOf?.(file) ?? inner);
    readers.set(id, { codec, head: inner.messageHead });
  }
  const own = ids[schema];
  return { readerOf: (id) => readers.get(id), own: typeof own === 'number' ? own : undefined };
}
