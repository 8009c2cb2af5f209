import type { FindingList } from './finding-list.ts';
import { NEVER, NOT_YET } from '../fields/not-yet.ts';
import { busBehind } from '../read/sections.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { Catalog } from '#contract/catalog.ts';

type Refuse = (at: string, found: string, write: string, side?: 'key' | 'value') => void;

function refusal(findings: FindingList): Refuse {
  return (at, found, write, side = 'value') => {
    findings.add({
      code: 'NOT_IN_THIS_VERSION',
      at,
      side,
      expected: 'a word that this version carries out',
      found: `${found}, which it does not have yet`,
      write,
    });
  };
}

/** `known`: names that the place has in this version, whatever the list of later words says. */
function refuseFields(
  at: string,
  map: PlainMap,
  later: readonly string[],
  known: readonly string[],
  refuse: Refuse,
): void {
  for (const name of later) {
    if (Object.hasOwn(map, name) && !known.includes(name)) {
      refuse(pointerTo(at, name), name, `nothing: remove ${name}`, 'key');
    }
  }
}

function refuseForGood(at: string, map: PlainMap, findings: FindingList): void {
  for (const [word, { why, write }] of Object.entries(NEVER)) {
    if (!Object.hasOwn(map, word)) continue;
    findings.add({
      code: 'NOT_OFFERED',
      at: pointerTo(at, word),
      side: 'key',
      expected: 'a promise that can be kept',
      found: `${word}: ${why}`,
      write,
    });
  }
}

function refuseCodec(at: string, end: PlainMap, catalog: Catalog, refuse: Refuse): void {
  const codec = own(end, 'codec');
  const isLater = (NOT_YET.codecs as readonly unknown[]).includes(codec);
  if (typeof codec !== 'string' || !isLater || catalog.codecs.has(codec)) return;
  refuse(pointerTo(at, 'codec'), `codec: ${codec}`, `codec: ${[...catalog.codecs.keys()].join(' | ')}`);
}

function words(schema: { readonly properties: object } | undefined): readonly string[] {
  return Object.keys(schema?.properties ?? {});
}

/** Refuses by name what a later version brings, so that nobody believes it is at work. */
export function checkNotYet(value: unknown, catalog: Catalog, findings: FindingList): void {
  const refuse = refusal(findings);
  const file = asMap(value);
  for (const [name, connection] of Object.entries(asMap(own(file, 'buses')))) {
    const known = words(busBehind(value, name, catalog)?.connectionSchema);
    refuseFields(pointerTo('/buses', name), asMap(connection), NOT_YET.connection, known, refuse);
  }
  for (const [index, item] of asList(own(file, 'routes')).entries()) {
    const at = pointerTo('/routes', index);
    const route = asMap(item);
    const to = own(route, 'to');
    refuseFields(at, route, NOT_YET.route, [], refuse);
    refuseForGood(at, route, findings);
    if (Array.isArray(to)) refuse(pointerTo(at, 'to'), 'to as a list', 'a route for each sink');
    for (const [direction, later] of [
      ['from', NOT_YET.source],
      ['to', NOT_YET.sink],
    ] as const) {
      const end = asMap(own(route, direction));
      refuseForGood(pointerTo(at, direction), end, findings);
      const bus = busBehind(value, own(end, 'bus'), catalog);
      const known = words(direction === 'from' ? bus?.sourceSchema : bus?.sinkSchema);
      refuseFields(pointerTo(at, direction), end, later, known, refuse);
      refuseCodec(pointerTo(at, direction), end, catalog, refuse);
    }
  }
}
