import type { BusSpans } from '#contract/bus-spans.ts';
import { queueOf } from './address-space.ts';
import type { RabbitConnection, RabbitFrom } from './options.ts';

export const spans: BusSpans<RabbitConnection, RabbitFrom> = {
  system: 'rabbitmq',
  send: 'publish',
  settle: { accept: 'ack', reject: 'reject' },
  destinations: ({ end }, place) => [queueOf(end, place)],
};
