import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** One sink of a route, as it is written. */
export interface SinkPlace {
  /** JSON pointer of the sink. */
  readonly at: string;
  /** `to`, or `to 2` in a list. */
  readonly name: string;
  readonly to: unknown;
}

/** The sinks of a route: the one under `to`, or each of its list. */
export function sinkPlaces(routeAt: string, route: unknown): readonly SinkPlace[] {
  const to = own(asMap(route), 'to');
  const at = pointerTo(routeAt, 'to');
  if (!Array.isArray(to)) return [{ at, name: 'to', to }];
  return to.map((one: unknown, index) => ({ at: pointerTo(at, index), name: `to ${index + 1}`, to: one }));
}

/** The route as if this sink were its only one. */
export function withSink(route: PlainMap, to: unknown): PlainMap {
  return { ...route, to };
}
