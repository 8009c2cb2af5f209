import type { CornerKind } from './corner.ts';

export type Pair = readonly [source: CornerKind, sink: CornerKind];

/** `mqtt:jetstream`, or `all` for every pair whose source gives again what was not settled. Throws on other texts. */
export function pairsOf(kinds: readonly CornerKind[], text: string): readonly Pair[] {
  const all = kinds
    .filter(({ isSource }) => isSource)
    .flatMap((source) => kinds.map((sink) => [source, sink] as const));
  if (text === 'all') return all;
  const found = all.filter(([source, sink]) => text === `${source.bus}:${sink.bus}`);
  if (found.length > 0) return found;
  const names = all.map(([source, sink]) => `${source.bus}:${sink.bus}`);
  throw new Error(`expected a pair of ${names.join(', ')} or all, found ${text}`);
}
