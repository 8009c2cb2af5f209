import type { Guarantees } from '#contract/bus.ts';
import type { Fixture } from './fixture.ts';

/** What both ends of a bus promise. */
export interface Promises {
  readonly source: Guarantees;
  readonly sink: Guarantees;
}

/** One conformance test: what the contract demands of every driver. A value, so that the mutants are judged by it too. */
export interface ConformanceTest {
  /** Short and stable: by it a bus is excused. */
  readonly name: string;
  readonly sentence: string;
  /** Why a bus with these promises is not judged by it; undefined when it is. */
  readonly excludes?: (promises: Promises) => string | undefined;
  /** Rejects when a driver fails it. */
  readonly judge: (fixture: Fixture) => Promise<void>;
}

/** For tests about what comes again. */
export function onlyRedelivering({ source }: Promises): string | undefined {
  return source.redelivers ? undefined : 'the source promises at most once: nothing comes again';
}

/** For tests about what stands in headers. */
export function onlyWithHeaders({ source, sink }: Promises): string | undefined {
  return source.carriesHeaders && sink.carriesHeaders ? undefined : 'the bus carries no headers';
}

/** For tests about order alone. */
export function onlyOrdered({ source, sink }: Promises): string | undefined {
  return source.ordered === 'none' || sink.ordered === 'none' ? 'the bus promises no order' : undefined;
}
