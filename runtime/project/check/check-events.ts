import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { RouteSite } from '../fields/field.ts';

/** Refuses attributes in headers from a bus that carries none. */
export function checkEventSource({ at, route, source, findings }: RouteSite): void {
  const mode = own(asMap(own(route, 'from')), 'cloudevents');
  if ((mode === 'binary' || mode === 'any') && source?.carriesHeaders === false) {
    refuse(findings, pointerTo(at, 'from', 'cloudevents'), mode);
  }
}

/** The same for a sink, and events that would have neither type nor source. */
export function checkEventSink({ sinkAt, route, sink, findings }: RouteSite): void {
  const to = asMap(own(route, 'to'));
  const mode = own(to, 'cloudevents');
  if (mode === undefined) return;
  if (mode === 'binary' && sink?.carriesHeaders === false) refuse(findings, pointerTo(sinkAt, 'cloudevents'), mode);
  if (own(asMap(own(route, 'from')), 'cloudevents') !== undefined) return;
  const set = asMap(own(asMap(own(to, 'headers')), 'set'));
  for (const name of ['ce-type', 'ce-source'].filter((one) => !Object.hasOwn(set, one))) {
    findings.add({
      code: 'MISSING_FIELD',
      at: pointerTo(sinkAt, 'headers', 'set', name),
      expected: `${name}, which an event needs`,
      found: 'no such header',
      write: `headers: { set: { ${name}: ... } }`,
    });
  }
}

function refuse(findings: RouteSite['findings'], at: string, mode: string): void {
  findings.add({
    code: 'OPTIONS_CONFLICT',
    at,
    expected: 'an end that carries headers',
    found: mode,
    write: 'cloudevents: structured',
  });
}
