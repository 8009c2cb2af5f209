import type { Bus, OptionFlaw } from '#contract/bus.ts';
import { startTimeFlaws } from '../../support/start-time.ts';
import { Link } from '../client/link.ts';
import { CONTROL } from '../header-names.ts';
import { headerSpelling } from '../header-spelling.ts';
import { openJetStreamSink } from './open-sink.ts';
import { JetStreamSource } from './source.ts';
import {
  connectionSchema,
  type JetStreamConnectionOptions,
  type JetStreamFrom,
  type JetStreamTo,
  sinkSchema,
  sourceSchema,
} from './options.ts';
import { connectionFlaws } from '../options.ts';
import { servers, streamReads, streamWrites } from '../address-space.ts';
import { filterFlaws, subjects } from '../subject.ts';
import { urls } from './end-urls.ts';
import { SINK_GUARANTEES, SOURCE_GUARANTEES } from './guarantees.ts';
import { opposite } from './opposite-ends.ts';
import { page } from './page.ts';
import { spans } from './spans.ts';

/** NATS JetStream: streams that keep their messages. */
export const jetstream: Bus<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  name: 'jetstream',
  module: { file: 'buses/nats/jetstream/index.ts', exportName: 'jetstream' },
  page,
  spans,
  grammar: subjects,
  eventSpelling: { prefix: 'ce-', isPercentEncoded: true, spellsContentType: true },
  urls,
  opposite,
  access: async () => (await import('../access/jetstream.ts')).access,
  watch: async () => (await import('./watch/watch.ts')).watch,
  doctor: async () => (await import('../doctor/jetstream.ts')).doctor,
  scaling: async () => (await import('./scaling.ts')).scaling,
  logReplay: async () => (await import('./log-replay.ts')).logReplay,
  connectionSchema,
  sourceSchema,
  sinkSchema,
  addressOptions: ['subject'],
  sourceGuarantees: () => SOURCE_GUARANTEES,
  sinkGuarantees: () => SINK_GUARANTEES,
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
