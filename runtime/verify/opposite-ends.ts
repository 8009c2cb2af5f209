import type { Catalog } from '#contract/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import { asDriverOptions } from '../host/end-options.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { addressUnder, filterOver } from '../ends/address-filters.ts';
import { keyPlace } from '../ends/key-place.ts';
import type { VerifyDocument } from './document.ts';

type Ends = Pick<VerifyDocument, 'in' | 'out' | 'key'>;

/** The ends on the other side of both ends of a route; or the reason why its file does not state enough. */
export function oppositeEnds(
  { from, to }: RouteSpec,
  catalog: Catalog,
  nowMs: number,
): Ends | { readonly flaw: string } {
  const { key } = from;
  const sourceBus = busOf(catalog, from.bus);
  const keyLevel = key === undefined ? undefined : keyPlace(key).level;
  const entrance = sourceBus.opposite.sink(asDriverOptions(from.options), {
    keyLevel,
    addressUnder: (filter) => addressUnder(filter, sourceBus.grammar, keyLevel, 'verify'),
  });
  if (typeof entrance === 'string') return { flaw: `from: ${entrance}` };
  const sinkBus = busOf(catalog, to.bus);
  const { address } = to;
  const filter = filterOver(address, sinkBus.grammar);
  const exit = sinkBus.opposite.source(asDriverOptions(to.options), { address, filter, nowMs });
  if (typeof exit === 'string') return { flaw: `to: ${exit}` };
  return {
    in: { bus: from.connection, ...entrance },
    out: { bus: to.connection, ...exit },
    ...(key !== undefined && { key }),
  };
}
