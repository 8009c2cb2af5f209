import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';

/** One fault of a driver, and the tests that must convict it. */
export interface Mutant {
  readonly fault: string;
  readonly convictedBy: readonly string[];
  readonly source?: (source: Source) => Source;
  readonly sink?: (sink: Sink) => Sink;
}

export const onFrame = (sink: Sink, send: (frame: Frame) => ReturnType<Sink['send']>): Sink => ({
  maxInFlight: sink.maxInFlight,
  send,
  close: () => sink.close(),
});

export const onRead = (source: Source, read: Source['read']): Source => ({ read, close: () => source.close() });

export const onBatch = (source: Source, change: (batch: readonly Delivery[]) => readonly Delivery[]): Source =>
  onRead(source, async (room, signal) => change(await source.read(room, signal)));

export const withFrame = (delivery: Delivery, more: Partial<Frame>): Delivery => ({
  ...delivery,
  frame: { ...delivery.frame, ...more },
});
