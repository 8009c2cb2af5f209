import type { Bus } from '#contract/bus.ts';
import { flaws } from './flaws.ts';
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
import { reads, servers, WRITES } from './reach.ts';
import { topicGrammar } from './topics.ts';

/** MQTT 3.1.1 and 5: at least once and in order per topic, from and to any broker. */
export const mqtt: Bus<MqttConnection, MqttFrom, MqttTo> = {
  name: 'mqtt',
  grammar: topicGrammar,
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
