import { sizeBytes } from '#kit/quantity.ts';
import { shown } from './describe.ts';
import type { RouteSite } from '../fields/field.ts';
import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** A smaller spool holds hardly one commit and would always be full. */
const LEAST = '1MiB';

/** Checks of a spool that no schema can express. */
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
