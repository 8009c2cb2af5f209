import { shown } from './describe.ts';
import type { RouteSite } from '../fields/field.ts';
import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** Refuses options of the json codec on a route that never uses it. */
export function checkJson({ at, route, sinkCodecs, findings }: RouteSite): void {
  const place = pointerTo(at, 'json');
  if (own(route, 'json') === undefined || findings.isClaimed(place)) return;
  const from = own(asMap(own(route, 'from')), 'codec');
  const isJson = from === undefined || from === 'json' || sinkCodecs.includes('json');
  if (isJson) return;
  findings.add({
    code: 'OPTIONS_CONFLICT',
    at: place,
    side: 'key',
    expected: 'the codec json at an end of the route',
    found: `codec: ${shown(from)}, so that no body is read or written as JSON`,
    write: 'nothing: remove json, or codec: json in from or to',
  });
}
