import { REACHABLE, type ReachableBus } from '../brokers/all.ts';

export type Pair = readonly [source: ReachableBus, sink: ReachableBus];

/** `mqtt:jetstream`, or `all` for every pair whose source gives again what was not settled. Throws on other texts. */
export function pairsOf(text: string): readonly Pair[] {
  const all = REACHABLE.filter(({ endpoints }) => endpoints.redelivers).flatMap((source) =>
    REACHABLE.map((sink) => [source, sink] as const),
  );
  if (text === 'all') return all;
  const found = all.filter(([source, sink]) => text === `${source.name}:${sink.name}`);
  if (found.length > 0) return found;
  const names = all.map(([source, sink]) => `${source.name}:${sink.name}`);
  throw new Error(`expected a pair of ${names.join(', ')} or all, found ${text}`);
}
