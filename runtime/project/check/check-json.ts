import { codecNameOf } from '../fields/codec-fields.ts';
import { shown } from './describe.ts';
import type { RouteSite } from '../fields/field.ts';
import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** Refuses rules for numbers and levels on a route whose bodies have none. */
export function checkJson({ at, route, sinkCodecs, findings, catalog }: RouteSite): void {
  const place = pointerTo(at, 'json');
  if (own(route, 'json') === undefined || findings.isClaimed(place)) return;
  const from = codecNameOf(asMap(own(route, 'from')));
  const hasRules = (codec: unknown): boolean =>
    catalog.codecs.get(String(codec))?.under !== undefined || catalog.schemaCodecs.has(String(codec));
  if (from === undefined || hasRules(from) || sinkCodecs.some(hasRules)) return;
  findings.add({
    code: 'OPTIONS_CONFLICT',
    at: place,
    side: 'key',
    expected: 'the codec json at an end of the route',
    found: `codec: ${shown(from)}, so that no body has numbers or levels`,
    write: 'nothing: remove json, or codec: json in from or to',
  });
}
