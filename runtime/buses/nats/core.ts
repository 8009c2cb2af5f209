import type { Bus, Guarantees, OptionFlaw } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { type CoreFrom, type CoreTo, sinkSchema, sourceSchema } from './core-options.ts';
import { CoreSink } from './core-sink.ts';
import { CoreSource } from './core-source.ts';
import { Link } from './connect.ts';
import { CONTROL } from './header-names.ts';
import { headerSpelling } from './header-spelling.ts';
import { HeaderBlock } from './write-headers.ts';
import { connectionFlaws, connectionSchema, type NatsConnectionOptions } from './options.ts';
import { CORE_WRITES, coreReads, servers } from './reach.ts';
import { filterFlaws, subjects } from './subject.ts';

const CARRIES = {
  stamps: 'none',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
  deduplicates: false,
  recoversIds: false,
} as const;

const READ: Guarantees = {
  ...CARRIES,
  confirms: 'sent',
  redelivers: false,
  ordered: 'address',
  notes: [
    'at most once: what is published while the bridge is away, or faster than it can pass on, is lost; capture the subjects in a stream and read that with bus: jetstream where each message counts',
  ],
};

const WRITTEN: Guarantees = {
  ...CARRIES,
  confirms: 'received',
  redelivers: false,
  ordered: 'address',
  notes: [
    'confirmed means that the server has it: who is not subscribed at that moment never sees it',
    'after a lost connection what was not confirmed is sent again, so a subscriber may see it twice, with the same msgid',
  ],
};

/** NATS without JetStream. */
export const nats: Bus<NatsConnectionOptions, CoreFrom, CoreTo> = {
  name: 'nats',
  grammar: subjects,
  connectionSchema,
  sourceSchema,
  sinkSchema,
  addressOptions: ['subject'],
  sourceGuarantees: () => READ,
  sinkGuarantees: () => WRITTEN,
  spelling: () => headerSpelling,
  readsHeader: (name) => !CONTROL.test(name),
  servers,
  reads: ({ end }) => coreReads(end),
  writes: () => CORE_WRITES,
  flaws(connection, end): OptionFlaw[] {
    const flaws = connectionFlaws(connection);
    // Each subscription gets its own copy of a message.
    if ('from' in end) flaws.push(...filterFlaws(end.from.subjects));
    return flaws;
  },
  async openSource(options, context) {
    const link = new Link(context);
    const source = new CoreSource(link, options.end, context);
    await source.open(options);
    return source;
  },
  async openSink(options, context) {
    const link = new Link(context);
    const opened = await link.open(options);
    const { headers } = await import('./client.ts');
    return new CoreSink(link, opened, new HeaderBlock(headers()), options.end, speller(context, headerSpelling));
  },
};
