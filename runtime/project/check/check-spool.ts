import { sizeBytes } from '#kit/quantity.ts';
import { shown } from './describe.ts';
import type { RouteSite } from '../fields/field.ts';
import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** Less than this holds hardly a commit: it would be full at once, all the time. */
const LEAST = '1MiB';

/** What no schema can say of the spool of a route. */
export function checkSpool({ at, route, findings, written }: RouteSite): void {
  const place = pointerTo(at, 'spool', 'max');
  const max = own(asMap(own(route, 'spool')), 'max');
  if (typeof max !== 'string' || findings.isClaimed(place) || sizeBytes(max) >= sizeBytes(LEAST)) return;
  findings.add({
    code: 'WRONG_VALUE',
    at: place,
    expected: `${LEAST} or more`,
    found: written(place) ?? shown(max),
    write: `max: ${LEAST}`,
  });
}
