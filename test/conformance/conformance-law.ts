import type { Guarantees } from '#contract/bus.ts';
import type { Ground } from './ground.ts';

/** What both ends of a bus promise. */
export interface Promises {
  readonly source: Guarantees;
  readonly sink: Guarantees;
}

/** One law of the contract. A value, so that the planted faults can be judged by it too. */
export interface ConformanceLaw {
  /** Short and stable: by it a bus is excused. */
  readonly name: string;
  readonly sentence: string;
  /** Why a bus with these promises is not judged by it; undefined when it is. */
  readonly excludes?: (promises: Promises) => string | undefined;
  /** Rejects when the law is broken. */
  readonly judge: (ground: Ground) => Promise<void>;
}

/** For laws about what comes again. */
export function onlyRedelivering({ source }: Promises): string | undefined {
  return source.redelivers ? undefined : 'the source promises at most once: nothing comes again';
}

/** For laws about what stands in headers. */
export function onlyWithHeaders({ source, sink }: Promises): string | undefined {
  return source.carriesHeaders && sink.carriesHeaders ? undefined : 'the bus carries no headers';
}

/** For laws about order alone. */
export function onlyOrdered({ source, sink }: Promises): string | undefined {
  return source.ordered === 'none' || sink.ordered === 'none' ? 'the bus promises no order' : undefined;
}
