import type { Catalog } from '#contract/catalog.ts';
import { asMap, isMap, own, type PlainMap } from '#kit/json-value.ts';
import type { JsonSchema } from '../json-schema.ts';
import { FILE_NAME_PATTERN } from '#contract/file-names.ts';

/** The codec that an end names. */
export interface CodecSpec {
  readonly name: string;
  /** The file of `schemas/` that it reads, without its ending; undefined for a codec without a schema. */
  readonly schema: string | undefined;
  /** What stands beside the name. */
  readonly options: PlainMap;
}

/** The options of SCHEMA_CODECS: a bundle reads its file without their schemas. A test compares. */
export const CODEC_OPTIONS: ReadonlySet<string> = new Set(['confluent', 'message']);

/** `codec` of an end, among the codecs of a catalog: a name, or a map that names a schema too. */
export function codecSchema({ codecs, schemaCodecs }: Catalog): JsonSchema {
  const description = 'Bytes to body and back. Default: by content type, else json.';
  const names: JsonSchema = { type: 'string', enum: [...codecs.keys()] };
  if (schemaCodecs.size === 0) return { ...names, description };
  const kinds = [...schemaCodecs.values()];
  const properties = Object.fromEntries([
    ...kinds.map(({ name, ending }) => [
      name,
      { type: 'string', pattern: FILE_NAME_PATTERN, description: `schemas/NAME${ending}.`, examples: ['track.v1'] },
    ]),
    ...kinds.flatMap(({ options }) => Object.entries(options)),
  ]);
  return { description, anyOf: [names, { type: 'object', additionalProperties: false, minProperties: 1, properties }] };
}

/** Undefined where the end names none. */
export function parseCodec(end: PlainMap): CodecSpec | undefined {
  const codec = own(end, 'codec');
  if (codec === undefined) return undefined;
  if (typeof codec === 'string') return { name: codec, schema: undefined, options: {} };
  const [name = '', schema] = Object.entries(asMap(codec)).find(([key]) => !CODEC_OPTIONS.has(key)) ?? [];
  return {
    name,
    schema: typeof schema === 'string' ? schema : undefined,
    options: Object.fromEntries(Object.entries(asMap(codec)).filter(([key]) => key !== name)),
  };
}

/** The name of the codec in a file that was not checked. */
export function codecNameOf(end: PlainMap): unknown {
  const codec = own(end, 'codec');
  return isMap(codec) ? Object.keys(codec).find((key) => !CODEC_OPTIONS.has(key)) : codec;
}

/** Whether the options of a codec name a schema registry. */
export function namesRegistry(options: PlainMap): boolean {
  return own(asMap(own(options, 'confluent')), 'registry') !== undefined;
}

export function isSameCodec(one: CodecSpec | undefined, other: CodecSpec | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The names of the schema files of a codec that stands in a file, by their places in it. */
export function codecFilesIn(
  codec: unknown,
  name: string,
): readonly (readonly [at: readonly string[], file: string])[] {
  const file = own(asMap(codec), name);
  const ids = Object.keys(asMap(own(asMap(own(asMap(codec), 'confluent')), 'ids')));
  const writers = ids.filter((id) => id !== file).map((id) => [['confluent', 'ids', id], id] as const);
  return typeof file === 'string' ? [[[name], file], ...writers] : [];
}
