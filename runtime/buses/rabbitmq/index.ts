import type { Bus } from '#contract/bus.ts';
import { urls } from './end-urls.ts';
import { flaws } from './check-options.ts';
import { sinkGuarantees, sourceGuarantees } from './guarantees.ts';
import { headerSpelling } from './header-spelling.ts';
import {
  connectionSchema,
  type RabbitConnection,
  type RabbitFrom,
  type RabbitTo,
  sinkSchema,
  sourceSchema,
} from './options.ts';
import { opposite } from './opposite-ends.ts';
import { page } from './page.ts';
import { spans } from './spans.ts';
import { DELIVERY_HEADERS } from './property-headers.ts';
import { reads, servers, writes } from './address-space.ts';
import { routingKeys } from './routing-key.ts';

/** RabbitMQ over AMQP 0-9-1: classic and quorum queues and streams, exchanges of every type. */
export const rabbitmq: Bus<RabbitConnection, RabbitFrom, RabbitTo> = {
  name: 'rabbitmq',
  module: { file: 'buses/rabbitmq/index.ts', exportName: 'rabbitmq' },
  page,
  spans,
  grammar: routingKeys,
  eventSpelling: { prefix: 'cloudEvents_', also: ['cloudEvents:'] },
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
  addressOptions: ['routingKey', 'queue'],
  sourceGuarantees,
  sinkGuarantees,
  spelling: ({ end }) => headerSpelling(end.type === 'stream'),
  readsHeader: (name) => !DELIVERY_HEADERS.has(name),
  servers,
  reads,
  writes,
  flaws,
  openSource: async (options, context) => (await import('./source.ts')).openSource(options, context),
  openSink: async (options, context) => (await import('./sink.ts')).openSink(options, context),
};
