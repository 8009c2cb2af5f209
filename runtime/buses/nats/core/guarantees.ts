import type { Guarantees, Instances } from '#contract/bus.ts';
import type { CoreFrom } from './options.ts';

const CARRIES = {
  stamps: 'none',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
  deduplicates: false,
  recoversIds: false,
} as const;

const GROUP: Instances = { share: 'any', means: 'the members of the queue group divide the messages among them' };
const EACH: Instances = { share: 'all', means: 'the server gives each of them every message' };

/** `from`: the options of the source. */
export const sourceGuarantees = ({ queue }: Pick<CoreFrom, 'queue'>): Guarantees => ({
  ...CARRIES,
  instances: queue === undefined ? EACH : GROUP,
  confirms: 'sent',
  redelivers: false,
  ordered: 'address',
  notes: [
    'at most once: what is published while the bridge is away, or faster than it can pass on, is lost; capture the subjects in a stream and read that with bus: jetstream where each message counts',
  ],
});

export const SINK_GUARANTEES: Guarantees = {
  ...CARRIES,
  confirms: 'received',
  redelivers: false,
  ordered: 'address',
  notes: [
    'confirmed means that the server has it: who is not subscribed at that moment never sees it',
    'after a lost connection what was not confirmed is sent again, so a subscriber may see it twice, with the same msgid',
  ],
};
