import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'NATS JetStream',
  hint: 'streams of NATS: stored, and read again',
  examples: [
    { title: 'source', from: { stream: 'S' } },
    { title: 'sink', to: { stream: 'S', subject: 'a' } },
  ],
};
