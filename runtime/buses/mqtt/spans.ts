import type { BusSpans } from '#contract/bus-spans.ts';
import type { MqttConnection, MqttFrom } from './options.ts';

export const spans: BusSpans<MqttConnection, MqttFrom> = {
  system: 'mqtt',
  send: 'publish',
  settle: { accept: 'ack', reject: 'ack' },
  destinations: ({ end }) => end.topics,
  group: ({ end }) => end.shared,
};
