import type { Observers } from '../route-parts.ts';

/** Combines what the sinks of a route say: the route's messages flow when no sink is stalled. */
export function flowOfAll({ onFlow }: Observers): {
  readonly onFlow: (sink: number, failure: string | undefined) => void;
} {
  const stalled = new Map<number, string>();
  return {
    onFlow(sink, failure) {
      if (failure === undefined) stalled.delete(sink);
      else stalled.set(sink, failure);
      const [first] = stalled.values();
      if (first === undefined) onFlow(true);
      else onFlow(false, first);
    },
  };
}
