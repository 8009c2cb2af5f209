import type { BusSpans } from '#contract/bus-spans.ts';
import type { MemoryConnection, MemoryFrom } from './options.ts';

export const spans: BusSpans<MemoryConnection, MemoryFrom> = {
  system: 'memory',
  send: 'publish',
  settle: { accept: 'ack', reject: 'reject' },
  destinations: ({ end }) => end.addresses,
};
