import type { Bus } from '#contract/bus.ts';
import { checkOptions } from './check-options.ts';
import { urls } from './end-urls.ts';
import { sinkGuarantees, sourceGuarantees } from './guarantees.ts';
import { headerSpelling } from './header-spelling.ts';
import {
  connectionSchema,
  type KafkaConnection,
  type KafkaFrom,
  type KafkaTo,
  sinkSchema,
  sourceSchema,
} from './options.ts';
import { reads, servers, WRITES } from './address-space.ts';
import { opposite } from './opposite-ends.ts';
import { page } from './page.ts';
import { spans } from './spans.ts';
import { topicNames } from './topics.ts';

/** Kafka: at least once and in order per key, from and to any cluster from 2.4 on. */
export const kafka: Bus<KafkaConnection, KafkaFrom, KafkaTo> = {
  name: 'kafka',
  module: { file: 'buses/kafka/index.ts', exportName: 'kafka' },
  page,
  spans,
  grammar: topicNames,
  eventSpelling: { prefix: 'ce_' },
  urls,
  opposite,
  access: async () => (await import('./access/access.ts')).access,
  watch: async () => (await import('./watch/watch.ts')).watch,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
  scaling: async () => (await import('./scaling.ts')).scaling,
  logReplay: async () => (await import('./log-replay.ts')).logReplay,
  connectionSchema,
  sourceSchema,
  sinkSchema,
  addressOptions: ['topic'],
  sourceGuarantees: ({ connection, end }) => sourceGuarantees(connection, end),
  sinkGuarantees: ({ connection, end }) => sinkGuarantees(connection, end),
  spelling: () => headerSpelling,
  servers,
  reads: ({ end }) => reads(end),
  writes: () => WRITES,
  flaws: checkOptions,
  openSource: async (options, context) => (await import('./source.ts')).openSource(options, context),
  openSink: async (options, context) => (await import('./sink.ts')).openSink(options, context),
};
