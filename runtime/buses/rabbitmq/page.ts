import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'RabbitMQ',
  hint: 'queues, each message for one reader; streams too',
  examples: [
    { title: 'source', from: { queue: 'q' } },
    { title: 'source, `shared`', from: { queue: 'q', shared: true } },
    { title: 'source, stream', from: { queue: 'q', type: 'stream' } },
    { title: 'sink', to: { exchange: 'e' } },
    { title: 'sink, `persistent: false`', to: { queue: 'q', persistent: false } },
  ],
};
