import type { FindingList } from './finding-list.ts';
import { REFUSED_WORDS, RESERVED_WORDS } from '../fields/reserved-words.ts';
import { busBehind } from '../read/sections.ts';
import { sinkPlaces } from '../read/sink-places.ts';
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

/** `known`: names that this map has in this version. A driver may have an option that is a reserved word elsewhere. */
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
  for (const [word, { why, write }] of Object.entries(REFUSED_WORDS)) {
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

function words(schema: { readonly properties: object } | undefined): readonly string[] {
  return Object.keys(schema?.properties ?? {});
}

/** Refuses reserved words by name: an ignored word would look as if it worked. */
export function checkReservedWords(value: unknown, catalog: Catalog, findings: FindingList): void {
  const refuse = refusal(findings);
  const file = asMap(value);
  for (const [name, connection] of Object.entries(asMap(own(file, 'buses')))) {
    const known = words(busBehind(value, name, catalog)?.connectionSchema);
    refuseFields(pointerTo('/buses', name), asMap(connection), RESERVED_WORDS.connection, known, refuse);
  }
  for (const [index, item] of asList(own(file, 'routes')).entries()) {
    const at = pointerTo('/routes', index);
    const route = asMap(item);
    refuseFields(at, route, RESERVED_WORDS.route, [], refuse);
    refuseForGood(at, route, findings);
    const ends = [
      { direction: 'from', endAt: pointerTo(at, 'from'), options: own(route, 'from') },
      ...sinkPlaces(at, route).map((sink) => ({ direction: 'to', endAt: sink.at, options: sink.to }) as const),
    ] as const;
    for (const { direction, endAt, options } of ends) {
      const end = asMap(options);
      const later = direction === 'from' ? RESERVED_WORDS.source : RESERVED_WORDS.sink;
      refuseForGood(endAt, end, findings);
      const bus = busBehind(value, own(end, 'bus'), catalog);
      const known = words(direction === 'from' ? bus?.sourceSchema : bus?.sinkSchema);
      refuseFields(endAt, end, later, known, refuse);
    }
  }
}
