import type { BusPage } from '#contract/bus-page.ts';

const OLD = { protocol: '3.1.1' } as const;

export const page: BusPage = {
  title: 'MQTT',
  hint: 'devices and gateways, by topic: versions 5 and 3.1.1',
  examples: [
    { title: 'source, QoS 1', from: { topics: ['a'] } },
    { title: 'source, `shared`', from: { topics: ['a'], shared: 'g' } },
    { title: 'source, QoS 0', from: { topics: ['a'], qos: 0 } },
    { title: 'source, 3.1.1', connection: OLD, from: { topics: ['a'] } },
    { title: 'sink, QoS 1', to: { topic: 'a' } },
    { title: 'sink, QoS 0', to: { topic: 'a', qos: 0 } },
    { title: 'sink, 3.1.1', connection: OLD, to: { topic: 'a' } },
  ],
};
