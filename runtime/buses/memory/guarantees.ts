import type { Guarantees } from '#contract/bus.ts';

export const GUARANTEES: Guarantees = {
  confirms: 'received',
  redelivers: true,
  stamps: 'optional',
  ordered: 'address',
  carriesHeaders: true,
  carriesKey: true,
  carriesExpiry: true,
  carriesNull: true,
  deduplicates: true,
  recoversIds: false,
  notes: ['lives in the process: a restart forgets everything'],
};
