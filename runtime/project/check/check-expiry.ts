import type { RouteSite } from '../fields/field.ts';
import { countsFrom, mayHideAge, neverHasTime } from '../explain/expiry-clock.ts';
import { asMap, isMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { TIME_UNITS } from '#kit/time-unit.ts';

/** Reports from which time the expiry of a route counts, and the option that would bound an unknown age. */
export function checkExpiry({ at, route, source, findings }: RouteSite): void {
  const from = asMap(own(route, 'from'));
  const place = pointerTo(at, 'from', 'expires');
  if (source === undefined || own(from, 'expires') === undefined || findings.hasErrorWithin(place)) return;
  const timestamp = own(from, 'timestamp');
  const clock = {
    stamps: source.stamps,
    isNamed: timestamp !== undefined,
    unit: isMap(timestamp) ? TIME_UNITS.find((unit) => unit === own(timestamp, 'unit')) : 'ms',
    isOfPublisher: isMap(own(from, 'expires')),
  };
  if (neverHasTime(clock)) {
    findings.add({
      code: 'EXPIRY_NEEDS_TIME',
      at: place,
      expected: 'a time of the publisher in each message: timestamp in from, or a bus that carries one',
      found: source.stamps === 'none' ? 'a bus without times' : "a bus that gives the server's time alone",
      write: 'timestamp: "{body.time}" in from, or another field or header that the publisher writes',
    });
    return;
  }
  if (mayHideAge(clock) && source.boundsAge !== undefined) {
    findings.add({
      code: 'EXPIRY_AGE_UNKNOWN',
      at: place,
      expected: 'a time of the publisher in each message',
      found: `expiry that counts from ${countsFrom(clock)}`,
      write: `timestamp in from${source.stamps === 'optional' ? ', or expires: { after: ..., of: publisher }' : ''}; what bounds the wait at the server: ${source.boundsAge}`,
    });
    return;
  }
  findings.add({ code: 'EXPIRY_CLOCK', at: place, found: `expiry counts from ${countsFrom(clock)}` });
}
