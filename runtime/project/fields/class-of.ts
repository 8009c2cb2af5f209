import { CLASS_NAMES, type TrafficClass } from '#contract/traffic-class.ts';
import { own, type PlainMap } from '#kit/json-value.ts';
import { DEFAULTS } from './field-defaults.ts';

/** The class of a route that was checked. */
export function classOf(route: PlainMap): TrafficClass {
  return CLASS_NAMES.find((name) => name === own(route, 'class')) ?? DEFAULTS.routeClass;
}
