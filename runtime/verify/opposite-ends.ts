import type { AddressGrammar } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import { asDriverOptions } from '../host/end-options.ts';
import { parseTemplate } from '../template/template.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { keyPlace } from './key-place.ts';
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
    addressUnder: (filter) => addressUnder(filter, sourceBus.grammar, keyLevel),
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

type Levels = Pick<AddressGrammar, 'separator' | 'wildcards'>;

/** An address that the filter matches: the key in its level, a fixed word for each other wildcard. */
function addressUnder(filter: string, { separator, wildcards }: Levels, keyLevel: number | undefined): string {
  if (wildcards === undefined) return filter;
  const { one, levels: rest } = wildcards;
  const levels = filter.split(separator);
  const last = levels.length - 1;
  // A last wildcard stands for as many levels as the key needs.
  if (levels[last] === rest && keyLevel !== undefined) while (levels.length <= keyLevel) levels.push(rest);
  return levels
    .map((level, at) => (level !== one && level !== rest ? level : at === keyLevel ? '{key}' : 'verify'))
    .join(separator);
}

/** Each level that depends on the message becomes a wildcard: a value never makes two levels, except for the rest of an address. */
function filterOver(template: string, { separator, wildcards }: Levels): string {
  if (wildcards === undefined) return template;
  const { one, levels: rest } = wildcards;
  const parsed = parseTemplate(template);
  const parts = 'parts' in parsed ? parsed.parts : [template];
  const levels = parts
    .map((part) => (typeof part === 'string' ? part : part.kind === 'rest' ? '\u{1}' : '\u{0}'))
    .join('')
    .split(separator)
    .map((level) => (level.includes('\u{0}') ? one : level));
  const from = levels.indexOf('\u{1}');
  return (from === -1 ? levels : [...levels.slice(0, from), rest]).join(separator);
}
