import type { Codec, CodecKind, BodyRules } from '#contract/codec.ts';

/** The codecs of one route. */
export interface RouteCodecs {
  /** The codec that an end of the route names; undefined where the catalog has none of that name. */
  named(name: string): Codec | undefined;
  /** The codec of a body whose end names none: by its content type, else the first of the catalog. */
  byContentType(contentType: string | undefined): Codec;
}

/** `kinds`: those of the catalog, the default one first; `rules`: those of the route. */
export function codecsFor(kinds: Iterable<CodecKind>, rules: BodyRules): RouteCodecs {
  const codecs = new Map<string, Codec>();
  const byType = new Map<string, Codec>();
  for (const kind of kinds) {
    const codec = kind.under?.(rules) ?? kind;
    codecs.set(kind.name, codec);
    for (const type of kind.mediaTypes) byType.set(type, codec);
  }
  const [byDefault] = codecs.values();
  if (byDefault === undefined) throw new TypeError('the catalog has no codec');
  return {
    named: (name) => codecs.get(name),
    byContentType(contentType) {
      if (contentType === undefined || contentType === byDefault.contentType) return byDefault;
      const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
      return (
        byType.get(type) ??
        byType.get(type.replace(/\/.*$/, '/*')) ??
        byType.get(type.replace(/^.*\+/, '*+')) ??
        byDefault
      );
    },
  };
}
