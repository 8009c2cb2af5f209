import type { Bus } from '#contract/bus.ts';
import { urls } from './end-urls.ts';
import { flaws } from './check-options.ts';
import { sinkGuarantees, sourceGuarantees } from './guarantees.ts';
import { headerSpelling } from './header-spelling.ts';
import {
  connectionSchema,
  type MqttConnection,
  type MqttFrom,
  type MqttTo,
  sinkSchema,
  sourceSchema,
} from './options.ts';
import { opposite } from './opposite-ends.ts';
import { page } from './page.ts';
import { spans } from './spans.ts';
import { reads, servers, WRITES } from './address-space.ts';
import { topicGrammar } from './topics.ts';

/** MQTT 3.1.1 and 5: at least once and in order per topic, from and to any broker. */
export const mqtt: Bus<MqttConnection, MqttFrom, MqttTo> = {
  name: 'mqtt',
  module: { file: 'buses/mqtt/index.ts', exportName: 'mqtt' },
  page,
  spans,
  grammar: topicGrammar,
  eventSpelling: { prefix: '' },
  urls,
  opposite,
  access: async () => (await import('./access/access.ts')).access,
  watch: async () => (await import('./watch/watch.ts')).watch,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
  scaling: async () => (await import('./scaling.ts')).scaling,
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
  flaws,
  openSource: async (options, context) => (await import('./source.ts')).openSource(options, context),
  openSink: async (options, context) => (await import('./sink.ts')).openSink(options, context),
};
