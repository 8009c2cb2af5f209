import type { Codec } from '#contract/codec.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { ProjectParts } from '../host/wire.ts';
import { codecsOf } from '../host/route-codecs.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';

type ByType = (contentType: string | undefined) => Codec;

/** How a test writes the bodies of a route's source, and reads those of its sinks: as the route itself, as far as it does. */
export interface RouteBodies {
  readonly source: ByType;
  /** In the order of the file. */
  readonly sinks: readonly ByType[];
}

export function bodiesOf(route: RouteSpec, catalog: Catalog, { codecs }: ProjectParts): RouteBodies {
  const known = codecsFor(catalog.codecs.values(), { numbers: 'round', depth: route.json.depth });
  const byType: ByType = (contentType) => known.byContentType(contentType);
  const { decoding, encodings } = codecsOf(route, catalog, codecs);
  const source = decoding ?? byType;
  return { source, sinks: encodings.map((encoding) => encoding ?? source) };
}

/** The body, or the bytes where the codec cannot read them. */
export function readBody(codec: Codec, bytes: Uint8Array | null): unknown {
  if (bytes === null) return null;
  try {
    return codec.decode(bytes);
  } catch {
    return bytes;
  }
}
