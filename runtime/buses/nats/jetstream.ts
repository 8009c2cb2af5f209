import type { Bus, Guarantees, OptionFlaw } from '#contract/bus.ts';
import { startTimeFlaws } from '#kit/start-time.ts';
import { Link } from './connect.ts';
import { CONTROL } from './header-names.ts';
import { headerSpelling } from './header-spelling.ts';
import { openJetStreamSink } from './jetstream-open-sink.ts';
import { JetStreamSource } from './jetstream-source.ts';
import {
  connectionSchema,
  type JetStreamConnectionOptions,
  type JetStreamFrom,
  type JetStreamTo,
  sinkSchema,
  sourceSchema,
} from './jetstream-options.ts';
import { connectionFlaws } from './options.ts';
import { servers, streamReads, streamWrites } from './reach.ts';
import { filterFlaws, subjects } from './subject.ts';

const CARRIES = {
  stamps: 'server',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
} as const;

const READ: Guarantees = {
  ...CARRIES,
  confirms: 'stored',
  redelivers: true,
  ordered: 'address',
  deduplicates: false,
  recoversIds: false,
  notes: [
    'in the order of the stream, with one process a durable consumer: a second one that names the same durable makes both start over',
    'after a crash what was not yet acknowledged comes again, and what was acknowledged behind it',
  ],
};

const WRITTEN: Guarantees = {
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

/** NATS JetStream: streams that keep their messages. */
export const jetstream: Bus<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  name: 'jetstream',
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
  reads: ({ end }) => streamReads(end),
  writes: ({ end }) => streamWrites(end),
  flaws(connection, end): OptionFlaw[] {
    const flaws = connectionFlaws(connection);
    if ('from' in end) flaws.push(...filterFlaws(end.from.subjects ?? []), ...startTimeFlaws(end.from.start));
    return flaws;
  },
  async openSource(options, context) {
    const source = new JetStreamSource(new Link(context), options, context);
    await source.open(options);
    return source;
  },
  openSink: openJetStreamSink,
};
