import type { Guarantees } from '#contract/bus.ts';

const CARRIES = {
  stamps: 'server',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
} as const;

export const SOURCE_GUARANTEES: Guarantees = {
  ...CARRIES,
  confirms: 'stored',
  redelivers: true,
  repeatsBeside: 'what was acknowledged behind the first unsettled message too',
  ordered: 'address',
  instances: { share: 'any', means: 'two readers of one durable consumer set each other back' },
  deduplicates: false,
  recoversIds: false,
  notes: [
    'in the order of the stream, with one process a durable consumer: a second one that names the same durable makes both start over',
    'after a crash what was not yet acknowledged comes again, and what was acknowledged behind it',
  ],
};

export const SINK_GUARANTEES: Guarantees = {
  ...CARRIES,
  confirms: 'stored',
  redelivers: false,
  ordered: 'address',
  deduplicates: true,
  recoversIds: true,
  notes: [
    'a stream removes duplicates by message id within its duplicate_window (2 minutes unless the stream says otherwise): for a longer outage a route that starts reads back what it wrote last, and sends none of that again',
    'stored means written by one server and not yet synced to its disk, unless the server sets sync_interval: always; a memory stream is less, several replicas are more',
  ],
};
