import type { Bus, OptionFlaw } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { type CoreFrom, type CoreTo, sinkSchema, sourceSchema } from './options.ts';
import { CoreSink } from './sink.ts';
import { CoreSource } from './source.ts';
import { Link } from '../client/link.ts';
import { CONTROL } from '../header-names.ts';
import { headerSpelling } from '../header-spelling.ts';
import { connectionFlaws, connectionSchema, type NatsConnectionOptions } from '../options.ts';
import { CORE_WRITES, coreReads, servers } from '../address-space.ts';
import { filterFlaws, subjects } from '../subject.ts';
import { urls } from './end-urls.ts';
import { SINK_GUARANTEES, sourceGuarantees } from './guarantees.ts';
import { opposite } from './opposite-ends.ts';
import { page } from './page.ts';
import { spans } from './spans.ts';

/** NATS without JetStream. */
export const nats: Bus<NatsConnectionOptions, CoreFrom, CoreTo> = {
  name: 'nats',
  module: { file: 'buses/nats/core/index.ts', exportName: 'nats' },
  page,
  spans,
  grammar: subjects,
  eventSpelling: { prefix: 'ce-', isPercentEncoded: true, spellsContentType: true },
  urls,
  opposite,
  access: async () => (await import('../access/core.ts')).access,
  watch: async () => (await import('./watch/watch.ts')).watch,
  doctor: async () => (await import('../doctor/core.ts')).doctor,
  scaling: async () => (await import('./scaling.ts')).scaling,
  connectionSchema,
  sourceSchema,
  sinkSchema,
  addressOptions: ['subject'],
  sourceGuarantees: ({ end }) => sourceGuarantees(end),
  sinkGuarantees: () => SINK_GUARANTEES,
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
    return new CoreSink(link, opened, options.end, speller(context, headerSpelling));
  },
};
