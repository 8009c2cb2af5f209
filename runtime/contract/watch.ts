import type { BusContext, EndOptions } from './bus-context.ts';
import type { SinkSide } from './opposite-ends.ts';
import type { Source } from './source.ts';

/** Options of an end, in the words of a pipeline file. */
type Words = Readonly<Record<string, unknown>>;

/** Where a watcher begins: with the oldest message that the bus has, with those from a moment (RFC 3339) on, or with the next one. */
export type WatchStart = 'earliest' | 'new' | { readonly time: string };

/**
 * How a bus is watched (`sluice tail`). A watcher takes nothing from other readers: it has a subscription of its own, and nothing of it
 * is left on the server when it has ended. Nothing is created but that. Loaded for that command alone.
 */
export interface BusWatch<Connection = object, From = object, To = object> {
  /** The words of a source that shows what a sink writes; or the reason why nothing can show it. */
  beside(to: To, side: Pick<SinkSide, 'address' | 'filter'>): Words | string;
  /** Words of a URL that are those of a sink, as those of a source. Absent: they are the same. */
  words?(end: Words): Words;
  /** Why this end cannot be watched, or not from there; undefined where it can. */
  refusal(from: From, start: WatchStart): string | undefined;
  /** As `openSource`. Settling a delivery only makes room for the next one. */
  open(options: EndOptions<Connection, From>, start: WatchStart, context: BusContext): Promise<Source>;
}
