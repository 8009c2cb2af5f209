import type { Guarantees } from '#contract/bus.ts';
import { gradeOf, isBelow } from './grades.ts';

/** A sink of a route, and the grade that the file states for its server. */
export interface GradedSink {
  readonly gives: Guarantees;
  readonly grade: unknown;
}

/** What holds at every sink of a list: a message has arrived where it has arrived at the weakest of them. */
export function weakestSink(sinks: readonly GradedSink[]): GradedSink {
  const [first, ...others] = sinks;
  if (first === undefined) throw new TypeError('a route without a sink');
  if (others.length === 0) return first;
  const weakest = others.reduce(
    (low, one) => (isBelow(gradeOf(one.gives, one.grade), gradeOf(low.gives, low.grade)) ? one : low),
    first,
  );
  const all = sinks.map(({ gives }) => gives);
  const ordered = (['none', 'key'] as const).find((order) => all.some((gives) => gives.ordered === order));
  const gives: Guarantees = {
    ...weakest.gives,
    ordered: ordered ?? 'address',
    carriesHeaders: all.every(({ carriesHeaders }) => carriesHeaders),
    carriesKey: all.every(({ carriesKey }) => carriesKey),
    carriesExpiry: all.every(({ carriesExpiry }) => carriesExpiry),
    carriesNull: all.every(({ carriesNull }) => carriesNull),
    // Each by its own means is as good as all by one.
    ...(all.every((one) => one.deduplicates || one.recoversIds)
      ? { deduplicates: all.some((one) => one.deduplicates), recoversIds: all.some((one) => one.recoversIds) }
      : { deduplicates: false, recoversIds: false }),
    notes: all.flatMap(({ notes }) => notes),
  };
  return { gives, grade: weakest.grade };
}
