import type { BusSpans } from '#contract/bus-spans.ts';
import type { NatsConnectionOptions } from '../options.ts';
import type { CoreFrom } from './options.ts';

export const spans: BusSpans<NatsConnectionOptions, CoreFrom> = {
  system: 'nats',
  send: 'publish',
  // Core NATS has no acknowledgement: the end of a message is known to the bridge alone.
  settle: { accept: 'settle', reject: 'settle' },
  destinations: ({ end }) => end.subjects,
  group: ({ end }) => end.queue,
};
