import type { Guarantees } from '#contract/bus.ts';
import { CLASSES, type TrafficClass } from '#contract/traffic-class.ts';
import { type Grade, gradeOf, weaker } from './grades.ts';

/** The inputs of a promise: the two ends and the options of the route. */
export interface PromiseFacts {
  readonly trafficClass: TrafficClass;
  readonly source: Guarantees;
  readonly sink: Guarantees;
  /** `grade` of either end in the file, if any. */
  readonly stated: { readonly source: unknown; readonly sink: unknown };
  readonly hasKey: boolean;
  readonly hasSpool: boolean;
}

/** Messages that may arrive twice after a crash of the bridge, fewest first. */
export const DUPLICATES = ['none', 'marked', 'last', 'window'] as const;
export type Duplicates = (typeof DUPLICATES)[number];

/** The messages that keep their order among one another. */
export type OrderScope = 'address' | 'key' | 'none';

/** The guarantees of a route, derived from its ends and its class. */
export interface RoutePromise {
  readonly grade: Grade;
  readonly sourceGrade: Grade;
  readonly sinkGrade: Grade;
  readonly order: OrderScope;
  readonly duplicates: Duplicates;
}

function orderOf({ source, sink, hasKey }: PromiseFacts): OrderScope {
  if (source.ordered === 'none' || sink.ordered === 'none') return 'none';
  return hasKey || source.carriesKey || source.ordered === 'key' || sink.ordered === 'key' ? 'key' : 'address';
}

function duplicatesOf({ trafficClass, source, sink, hasSpool }: PromiseFacts): Duplicates {
  const { oneAtATime, marksRepeats } = CLASSES[trafficClass];
  if (!source.redelivers && !hasSpool) return 'none';
  if (sink.deduplicates || sink.recoversIds) return 'none';
  if (marksRepeats) return 'marked';
  return oneAtATime ? 'last' : 'window';
}

export function promiseOf(facts: PromiseFacts): RoutePromise {
  const sourceGrade = facts.source.redelivers ? gradeOf(facts.source, facts.stated.source) : 'G0';
  const sinkGrade = gradeOf(facts.sink, facts.stated.sink);
  const onTheWay = weaker(sourceGrade, sinkGrade);
  return {
    grade: facts.hasSpool ? weaker(onTheWay, 'G3') : onTheWay,
    sourceGrade,
    sinkGrade,
    order: orderOf(facts),
    duplicates: duplicatesOf(facts),
  };
}
