import type { Codec, NumberRule } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import type { Policy, SinkEnd } from '../engine/route-parts.ts';
import { DEFAULTS } from '../project/fields/field-defaults.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { namesAnotherCodec, readsBodies } from './body-reads.ts';
import type { Catalog } from '#contract/catalog.ts';

/** The codecs of a route; each undefined where the bytes pass unchanged. */
export interface RouteCodecs extends Pick<Policy, 'decoding'> {
  /** Of each sink, in its place. */
  readonly encodings: readonly SinkEnd['encoding'][];
}

export function codecsOf(spec: RouteSpec, catalog: Catalog): RouteCodecs {
  const { from, sinks } = spec;
  const codecs = codecsFor(catalog.codecs.values(), numbersOf(spec));
  const byType = (contentType: string | undefined): Codec => codecs.byContentType(contentType);
  const named = (name: string): Codec => {
    const codec = codecs.named(name);
    if (codec === undefined) throw new SluiceError('INTERNAL', `no codec ${name} in the catalog`);
    return codec;
  };
  const incoming = from.codec === undefined ? byType : always(named(from.codec));
  return {
    decoding: readsBodies(spec) ? incoming : undefined,
    encodings: sinks.map((to) => {
      if (!encodesAgain({ ...spec, sinks: [to] })) return undefined;
      return to.codec === undefined ? incoming : always(named(to.codec));
    }),
  };
}

/** The default without a word in the file: a route that sends the source's own bytes loses no number, and so refuses none. */
export function numbersOf(spec: RouteSpec): NumberRule {
  return spec.json.numbers ?? (encodesAgain(spec) ? DEFAULTS.jsonNumbers : 'keep');
}

function encodesAgain(spec: RouteSpec): boolean {
  return namesAnotherCodec(spec) || spec.stages.some(({ kind }) => kind.changesBody);
}

function always(codec: Codec): () => Codec {
  return () => codec;
}
