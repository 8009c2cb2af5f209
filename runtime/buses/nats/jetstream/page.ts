import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'NATS JetStream',
  examples: [
    { title: 'source', from: { stream: 'S' } },
    { title: 'sink', to: { stream: 'S', subject: 'a' } },
  ],
};
