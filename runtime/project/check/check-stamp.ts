import { SCHEMA_HEADER } from '#contract/message.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { RouteSite } from '../fields/field.ts';

/** Checks `stamp: true` against the sink: it must carry headers, and no word may set or drop the same one. */
export function checkStamp({ at, route, sinkEnd, sink: gives, findings }: RouteSite): void {
  if (own(route, 'stamp') !== true) return;
  const place = { at: pointerTo(at, 'stamp'), side: 'key' } as const;
  if (sinkEnd !== undefined && gives?.carriesHeaders === false) {
    const need = gives.headersNeed === undefined ? '' : `${gives.headersNeed}, or `;
    findings.add({
      ...place,
      code: 'HEADER_UNWRITABLE',
      expected: 'a sink that carries headers',
      found: `${SCHEMA_HEADER} to a ${sinkEnd.bus.name} connection that carries none under these options`,
      write: `${need}nothing: remove stamp`,
    });
  }
  const words = asMap(own(asMap(own(route, 'to')), 'headers'));
  const isSet = own(asMap(own(words, 'set')), SCHEMA_HEADER) !== undefined;
  if (!isSet && !asList(own(words, 'drop')).includes(SCHEMA_HEADER)) return;
  findings.add({
    ...place,
    code: 'OPTIONS_CONFLICT',
    expected: `no header ${SCHEMA_HEADER} in headers of to`,
    found: `one that is ${isSet ? 'set' : 'dropped'} there beside stamp: true`,
    write: `nothing: remove stamp, or ${SCHEMA_HEADER} there`,
  });
}
