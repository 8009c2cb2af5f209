import type { BodyRules, Codec, NumberRule } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import { asMap, own } from '#kit/json-value.ts';
import { localIds } from '../codecs/confluent/local-ids.ts';
import { confluentCodec } from '../codecs/confluent/wire-format.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import type { Policy, SinkEnd } from '../engine/route-parts.ts';
import { type CodecSpec, isSameCodec, namesRegistry } from '../project/fields/codec-fields.ts';
import { DEFAULTS } from '../project/fields/field-defaults.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { namesAnotherCodec, readsBodies } from './body-reads.ts';
import { NO_SCHEMA_CODECS, type SchemaCodecs } from './codec-makers.ts';
import type { RegistryUse, RouteRegistry } from './route-registry.ts';
import type { Catalog } from '#contract/catalog.ts';

/** The codecs of a route; each undefined where the bytes pass unchanged. */
export interface RouteCodecs extends Pick<Policy, 'decoding'> {
  /** Of each sink, in its place. */
  readonly encodings: readonly SinkEnd['encoding'][];
}

/** `made`: the codecs with schemas that the file names. `registry`: where one of the route names a schema registry. */
export function codecsOf(
  spec: RouteSpec,
  catalog: Catalog,
  made: SchemaCodecs = NO_SCHEMA_CODECS,
  registry?: RouteRegistry,
): RouteCodecs {
  const { from, sinks } = spec;
  const rules = { numbers: numbersOf(spec), depth: spec.json.depth };
  const codecs = codecsFor(catalog.codecs.values(), rules);
  const byType = (contentType: string | undefined): Codec => codecs.byContentType(contentType);
  const named = (codec: CodecSpec, use: EndUse): Codec => {
    const found =
      codec.schema === undefined
        ? codecs.named(codec.name)
        : withSchema(codec, { catalog, made, rules, registry, ...use });
    if (found === undefined) throw new SluiceError('INTERNAL', `no codec ${codec.name} in the catalog`);
    return found;
  };
  const encodes = (to: RouteSpec['to']): boolean => encodesAgain({ ...spec, sinks: [to] });
  // The same one, where it is the same: a codec may keep something of a body that it read.
  const isShared = (to: RouteSpec['to']): boolean => to.codec === undefined || isSameCodec(to.codec, from.codec);
  const reads = readsBodies(spec);
  const shared = sinks.find((to) => encodes(to) && isShared(to));
  const incoming = from.codec === undefined ? byType : always(named(from.codec, { reads, to: shared }));
  return {
    decoding: reads ? incoming : undefined,
    encodings: sinks.map((to) => {
      if (!encodes(to)) return undefined;
      return isShared(to) || to.codec === undefined ? incoming : always(named(to.codec, { reads: false, to }));
    }),
  };
}

/** The default without a word in the file: a route that sends the source's own bytes loses no number, and so refuses none. */
export function numbersOf(spec: RouteSpec): NumberRule {
  return spec.json.numbers ?? (encodesAgain(spec) ? DEFAULTS.jsonNumbers : 'keep');
}

type EndUse = Pick<RegistryUse, 'reads' | 'to'>;

interface Making extends EndUse {
  readonly catalog: Catalog;
  readonly made: SchemaCodecs;
  readonly rules: BodyRules;
  readonly registry: RouteRegistry | undefined;
}

function withSchema(
  { name, schema: file, options }: CodecSpec,
  { catalog: { schemaCodecs }, made: { makers, files }, rules, registry, reads, to }: Making,
): Codec | undefined {
  const ending = schemaCodecs.get(name)?.ending ?? '';
  const schema = files.get(`${file}${ending}`);
  if (schema === undefined) throw new SluiceError('INTERNAL', `the schema ${file} of codec ${name} was not loaded`);
  const inner = makers.get(name)?.({ schema, options, rules });
  const confluent = own(options, 'confluent');
  if (inner === undefined || confluent === undefined) return inner;
  const ids = asMap(own(asMap(confluent), 'ids'));
  const local = localIds(inner, schema.name, ids, (other) => files.get(`${other}${ending}`));
  if (!namesRegistry(options)) return confluentCodec(inner, local);
  if (registry === undefined) throw new SluiceError('INTERNAL', 'the code for schema registries was not loaded');
  return confluentCodec(inner, registry.idsOf({ confluent, inner, schema, local, reads, to }));
}

/** The codec of an end that names a schema of the project, outside of a route. Undefined where there is none of that name. */
export function codecWithFiles(
  codec: CodecSpec,
  catalog: Catalog,
  made: SchemaCodecs,
  rules: BodyRules,
): Codec | undefined {
  return withSchema(codec, { catalog, made, rules, registry: undefined, reads: true, to: undefined });
}

function encodesAgain(spec: RouteSpec): boolean {
  return namesAnotherCodec(spec) || spec.stages.some(({ kind }) => kind.changesBody);
}

function always(codec: Codec): () => Codec {
  return () => codec;
}
