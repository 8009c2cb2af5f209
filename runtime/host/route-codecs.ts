import type { Codec, NumberRule } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import type { Policy, SinkEnd } from '../engine/route-parts.ts';
import { DEFAULTS } from '../project/fields/field-defaults.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { namesAnotherCodec, readsBodies } from './body-reads.ts';
import type { Catalog } from '#contract/catalog.ts';

/** The codecs of a route; each undefined where the bytes pass unchanged. */
export type RouteCodecs = Pick<Policy, 'decoding'> & Pick<SinkEnd, 'encoding'>;

export function codecsOf(spec: RouteSpec, catalog: Catalog): RouteCodecs {
  const { from, to } = spec;
  const codecs = codecsFor(catalog.codecs.values(), {
    numbers: numbersOf(spec, catalog),
    depth: spec.json.depth,
  });
  const byType = (contentType: string | undefined): Codec => codecs.byContentType(contentType);
  const named = (name: string): Codec => {
    const codec = codecs.named(name);
    if (codec === undefined) throw new SluiceError('INTERNAL', `no codec ${name} in the catalog`);
    return codec;
  };
  const incoming = from.codec === undefined ? byType : always(named(from.codec));
  const outgoing = to.codec === undefined ? incoming : always(named(to.codec));
  return {
    decoding: readsBodies(spec) ? incoming : undefined,
    encoding: encodesAgain(spec, catalog) ? outgoing : undefined,
  };
}

/** The default without a word in the file: a route that sends the source's own bytes loses no number, and so refuses none. */
export function numbersOf(spec: RouteSpec, catalog: Catalog): NumberRule {
  return spec.json.numbers ?? (encodesAgain(spec, catalog) ? DEFAULTS.jsonNumbers : 'keep');
}

function encodesAgain(spec: RouteSpec, { stages }: Catalog): boolean {
  return namesAnotherCodec(spec) || spec.stages.some(({ verb }) => stages.get(verb)?.changesBody === true);
}

function always(codec: Codec): () => Codec {
  return () => codec;
}
