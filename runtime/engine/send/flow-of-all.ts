import type { Route } from '../route-parts.ts';
import { sinkPlace } from '../sink-name.ts';

/** Combines what the sinks of a route say: the route's messages flow when no sink is stalled. */
export function flowOfAll({ observers: { onFlow }, ends: { sinks } }: Route): {
  readonly onFlow: (sink: number, failure: string | undefined) => void;
} {
  const stalled = new Map<number, string>();
  return {
    onFlow(sink, failure) {
      if (failure === undefined) stalled.delete(sink);
      else stalled.set(sink, sinks.length === 1 ? failure : `${sinkPlace(sink)}: ${failure}`);
      const [first] = stalled.values();
      if (first === undefined) onFlow(true);
      else onFlow(false, first);
    },
  };
}
